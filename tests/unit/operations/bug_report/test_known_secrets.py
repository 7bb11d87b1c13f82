"""The secrets that a report must not have: where each comes from."""

import base64
import json

import pytest

from operations.bug_report import known_secrets
from pi_mesh.cluster.errors import Forbidden
from tests.support.fake_client import FakeClient

KEY = "-----BEGIN PRIVATE KEY-----\nbWFkZS11cC1tYWRlLXVw\n-----END PRIVATE KEY-----\n"


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def of_secret(**data: str) -> set[str]:
    items = [{"data": {key.replace("_", "."): packed(text) for key, text in data.items()}}]
    client = FakeClient({"/api/v1/namespaces/istio-system/secrets": {"items": items}})
    return set(known_secrets.of_cluster(client, ["istio-system"]))  # type: ignore[arg-type]


def test_variables_count_by_their_names(tmp_path):
    (tmp_path / "passphrase").write_text("of a file\n")
    environment = {
        "VAULT_TOKEN": "of Vault",
        "AWS_SECRET_ACCESS_KEY": "of AWS",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
        "GONE_TOKEN_FILE": str(tmp_path / "gone"),
        "HOME": "/root",
    }
    assert set(known_secrets.of_environment(environment)) == {"of Vault", "of AWS", "of a file"}


def test_a_secret_counts_as_text_in_base64_and_by_line():
    assert of_secret(key_pem=KEY) == {packed(KEY), KEY, "bWFkZS11cC1tYWRlLXVw"}


def test_the_lines_of_a_secret_of_two_count_too():
    text = "made-up-line-one\nmade-up-line-two\n"
    assert of_secret(words=text) == {packed(text), text, "made-up-line-one", "made-up-line-two"}


def test_a_registrys_login_counts_by_its_password_not_by_its_user():
    login = json.dumps({"auths": {"registry.example.com": {"username": "robot", "password": "made-up", "auth": "x=="}}})
    assert {"made-up", "x=="} <= of_secret(dockerconfigjson=login)
    assert "robot" not in of_secret(dockerconfigjson=login)


@pytest.mark.parametrize("key", ["username", "admin-user", "namespace", "url"])
def test_words_of_every_report_are_no_secrets(key):
    assert of_secret(**{key: "istio-system"}) == set()


def test_bytes_that_are_no_text_count_in_base64():
    items = [{"data": {"key": "/////w=="}}, {}]
    client = FakeClient({"/api/v1/namespaces/a/secrets": {"items": items}})
    assert set(known_secrets.of_cluster(client, ["a"])) == {"/////w=="}  # type: ignore[arg-type]


def test_a_namespace_whose_secrets_may_not_be_read_is_skipped():
    client = FakeClient({"/api/v1/namespaces/a/secrets": Forbidden("no", "no")})
    assert set(known_secrets.of_cluster(client, ["a"])) == set()  # type: ignore[arg-type]


def test_plain_settings_count_by_their_keys():
    settings = {"grafana": {"values": {"adminPassword": "made-up", "x": "shown"}}, "list": [{"token": "also"}]}
    assert set(known_secrets.of_settings(settings)) == {"made-up", "also"}


def test_the_kubeconfigs_credentials_count(monkeypatch, tmp_path):
    user = {"token": "made-up-token", "password": "made-up-password"}
    config = {
        "current-context": "test",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": user}],
    }
    (tmp_path / "config").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    assert {*user.values()} <= set(known_secrets.of_kubeconfig("test"))
