"""The rule that no secret stands in Helm values."""

import base64

import pytest

from policies.rules import secrets_in_values
from tests.support.findings import table
from tests.support.policy_resources import assert_said, gateway, istiod, said

LONG = "A" * 40


@table(
    ("-----BEGIN EC PRIVATE KEY-----\nMHc", "a private key"),
    (f"hvs.{LONG}", "a Vault token"),
    (f"Bearer eyJ{LONG}.eyJ{LONG}.{LONG}", "a signed web token"),
    ("AKIA" + "B" * 16, "an AWS access key"),
    (f"ghp_{LONG}", "a GitHub token"),
)
def test_a_value_that_looks_secret_is_refused_without_being_repeated(value, what):
    (message,) = said(secrets_in_values.RULE, istiod(values__meshConfig__note=[value]))
    assert message.startswith(f"meshConfig.note[0] holds {what}. Fix:")
    assert value not in message


def test_a_secret_in_base64_is_found_and_a_text_with_other_characters_is_no_base64():
    packed = base64.b64encode(f"hvs.{LONG}".encode()).decode()
    assert_said(secrets_in_values.RULE, istiod(values__note=packed), "note holds a Vault token")
    assert_said(secrets_in_values.RULE, istiod(values__note=f"{packed[:8]}!{packed[8:]}"), "")


def test_a_key_that_names_a_secret_is_refused():
    assert_said(secrets_in_values.RULE, gateway(values__adminPassword="fox"), "adminPassword is set")


BYPASSES = {
    "an environment variable": {"env": [{"name": "DB_PASSWORD", "value": "fox"}]},
    "credentials": {"credentials": "fox"},
    "a passphrase": {"passphrase": "fox"},
    "an environment variable as a map": {"env": {"DB_PASSWORD": "fox"}},
    "a pair of another shape": {"settings": [{"key": "api-token", "value": "fox"}]},
    "a secret": {"secret": "fox"},
    "a password that is a number": {"adminPassword": 1234},
    "a list of passwords": {"passwords": ["fox"]},
    "a key with a number": {"password2": "fox"},
    "a private key in base64": {"data": base64.b64encode(b"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE").decode()},
    "a file of settings": {"grafana.ini": "[security]\nadmin_user = admin\nadmin_password = fox\n"},
    "a file of YAML": {"alertmanager.yml": "global:\n  smtp_auth_password: 'fox'\n"},
    "a file of JSON on one line": {"config.json": '{"user": "admin", "password": "fox"}'},
    "an argument of a command": {"args": ["--user=admin", "--db-password=fox"]},
    "a password that begins like a reference": {"settings": "password: $FOXfox"},
    "a password in an address": {"url": "https://admin:fox@db.example"},
    "a login of HTTP": {"headers": ["Authorization: Basic " + "dXNlcjpwYXNzd29yZA=="]},
    "a login of a registry": {"pull": {".dockerconfigjson": "{}"}},
    "another forge's token": {"note": "glpat-" + "a" * 20},
    "a fine-grained token": {"note": "github_pat_" + "a" * 30},
    "an encryption key": {"encryption_key": "fox"},
}


@pytest.mark.parametrize("values", BYPASSES.values(), ids=BYPASSES)
def test_no_way_leads_past_the_look_for_secrets(values):
    messages = said(secrets_in_values.RULE, gateway(values=values))
    assert messages != []
    assert "fox" not in str(messages)


def test_values_that_the_rule_cannot_read_are_refused():
    assert said(secrets_in_values.RULE, gateway(valueYamlFiles=["values.yaml"])) != []
    assert said(secrets_in_values.RULE, gateway(values={"password": "fox"}), "kubernetes:helm.sh/v4:Chart") != []


@pytest.mark.parametrize("values", [
    {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]},
    {"admin": {"existingSecret": "grafana"}, "imagePullSecrets": ["regcred"]},
    {"grafana.ini": "admin_password = $__file{/etc/secrets/password}\n", "password": "${PASSWORD}"},
    {"auth": {"strategy": "token"}, "max_tokens": 100, "volumes": [{"secret": {"secretName": "x"}}]},
    {"envFromSecret": "grafana-env", "prometheus": {"auth": {"token": "secret:prometheus:token"}}},
    {"dashboard.json": '{\n  "token": true,\n  "secret": [],\n  "title": "password"\n}'},
    {"existingSecret": "grafana", "tokenAudience": "x"},
    {"ca": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "x": "bearer"},
])  # fmt: skip
def test_the_name_of_a_secret_and_a_reference_to_it_pass(values):
    assert_said(secrets_in_values.RULE, gateway(values=values), "")
