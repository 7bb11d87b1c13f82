"""The rules about what no other rule could read: foreign types of resources, and istiod's switches of identity."""

import pytest

from policies.rules import istiod_identity, known_types, protected_ca, vault_ca
from tests.support.findings import table
from tests.support.policy_resources import assert_said, istiod, said

CORE = "kubernetes:core/v1:"
ISTIO = "kubernetes:networking.istio.io/v1beta1:"
WEBHOOK = "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration"
OTHERS = ("pulumi:providers:kubernetes", "pulumi:providers:pulumi", "pulumi:pulumi:StackReference")
CA = (vault_ca.REQUEST, vault_ca.SIGNED, vault_ca.KEY, vault_ca.ENDPOINT, protected_ca.MOUNT)


def named(name: str, **more: object) -> dict:
    return {"metadata": {"name": name}, **more}


@pytest.mark.parametrize("kind", [*CA, *OTHERS, "pi-mesh:istio:Base", f"{CORE}Secret"])
def test_a_type_that_the_program_registers_passes(kind):
    assert_said(known_types.RULE, named("any"), "", kind)


@table(
    ("command:local:Command", {"create": "kubectl apply"}, "judges resources of the type command:local:Command"),
    ("pulumi-python:dynamic:Resource", {}, "no rule judges"),
    ("helm:index/release:Release", {}, "no rule judges"),
    (f"{CORE}List", {"items": []}, "no rule judges"),
    (f"{CORE}Pod", named("any"), "no rule judges"),
    ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding", named("any"), "no rule judges"),
    ("kubernetes:extensions.istio.io/v1alpha1:WasmPlugin", named("any"), "no rule judges"),
    ("vault:index/policy:Policy", {}, "no rule judges"),
    (WEBHOOK, named("mine"), "the webhook mine may change every new pod"),
    (f"{CORE}ConfigMap", named("istio"), "the ConfigMap istio is istiod's own configuration"),
    (f"{CORE}ConfigMap", named("istio-sidecar-injector"), "is istiod's own configuration"),
    (f"{ISTIO}EnvoyFilter", named("a", spec={"configPatches": [{"applyTo": "CLUSTER"}]}), "more than to limit"),
    (f"{ISTIO}Sidecar", named("a", spec={"ingress": [{"captureMode": "NONE"}]}), "past mutual TLS"),
    (f"{ISTIO}Sidecar", named("a", spec="x"), "spec is a text"),
)
def test_what_could_switch_protection_off_is_a_breach_unless_the_policy_config_lets_it_in(kind, props, words):
    assert_said(known_types.RULE, props, f"…{words}", kind)
    assert words != "no rule judges" or said(known_types.RULE, props, kind, types=[kind]) == []


@table(
    ("pilot__env__XDS_AUTH", "false", "true"),
    ("env__PILOT_ENABLE_XDS_IDENTITY_CHECK", "false", "true"),
    ("pilot__env__PILOT_SKIP_VALIDATE_TRUST_DOMAIN", "true", "false"),
    ("meshConfig__caCertificates", [{"pem": "made-up"}], []),
    ("meshConfig__trustDomainAliases", ["other"], []),
    ("global__caAddress", "ca.example:443", ""),
    ("global__remotePilotAddress", "192.0.2.1", ""),
    ("istiodRemote__injectionURL", "https://injector.example", ""),
    ("global__proxy__privileged", True, False),
    ("global__proxy__includeIPRanges", "", "*"),
    ("sidecarInjectorWebhook__templates", {"custom": "spec: {}"}, {}),
)
def test_a_value_of_istiod_that_blurs_identities_is_a_breach(path, value, harmless):
    assert_said(istiod_identity.RULE, istiod(**{f"values__{path}": value}), "…" * bool(value))
    assert_said(istiod_identity.RULE, istiod(**{f"values__{path}": harmless}), "")


def test_a_value_of_a_wrong_type_is_a_breach_in_words():
    templates = istiod(values__sidecarInjectorWebhook__templates="x")
    assert_said(istiod_identity.RULE, templates, "…is a text, where a map")
