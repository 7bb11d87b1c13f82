"""All rules: valid resources pass, and any input gets an answer in words."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules import RULES, image_hub, injection, mtls, pi_ceiling, protected_ca, vault_ca
from tests.support.policy_resources import RELEASE, gateway, istiod, kubernetes, said, said_of_all, token

SECURITY, NETWORKING = "security.istio.io/v1beta1", "networking.istio.io/v1beta1"
STRICT = {"mtls": {"mode": "STRICT"}}
FROM_ARGOCD = {"action": "ALLOW", "rules": [{"from": [{"source": {"namespaces": ["argocd"]}}]}]}
LATER = kubernetes("apps/v1", "Deployment", "web", {"note": UNKNOWN_STRING_VALUE}, namespace="trading")


@pytest.mark.parametrize("rule", [rule for rule in RULES if not rule.of_stack], ids=lambda rule: rule.name)
@pytest.mark.parametrize("release", [istiod, gateway])
def test_a_compliant_release_passes(rule, release):
    assert said(rule, release()) == []


@pytest.mark.parametrize("rule", [image_hub.RULE, mtls.RULE, pi_ceiling.RULE], ids=lambda rule: rule.name)
def test_an_object_is_judged_without_the_values_that_only_the_update_knows(rule):
    assert said(rule, LATER) == []


def test_the_pods_of_a_namespace_are_judged_without_the_values_that_only_the_update_knows():
    assert said_of_all(injection.RULE, (token(LATER), LATER), namespaces=["trading"]) == []


@pytest.mark.parametrize("rule", [image_hub.RULE, mtls.RULE, pi_ceiling.RULE], ids=lambda rule: rule.name)
def test_a_release_with_a_value_that_only_the_update_knows_is_judged_by_the_update(rule):
    with pytest.raises(UnknownValueError):
        said(rule, istiod(values__note=UNKNOWN_STRING_VALUE))


WORDS = """
chart version values repositoryOpts repo namespace metadata name labels spec action rules from source
principals ipBlocks when key to servers hosts listeners selector matchLabels mtls mode portLevelMtls
template containers initContainers resources limits requests cpu memory pilot global proxy hub image
autoscaling enabled maxReplicas autoscaleEnabled autoscaleMax nodeSelector affinity meshConfig
rootNamespace revision env value password path type keyType keyBits ttl maxPathLength data kind
apiVersion sidecarInjectorWebhook templates podAnnotations
"""
KEYS = st.sampled_from(WORDS.split()) | st.text(max_size=5)
ODD = ["*", "", "STRICT", "ALLOW", "oci://x/..", "1Gi", "0", "istiod", "https://[", "10.0.0.0/33", "\n- "]
NUMBERS = st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=20) | st.sampled_from(ODD)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))
SEEDS = [
    istiod(),
    gateway(values__additionalContainers=[{"name": "x", "resources": {}}], values__env=[{"name": "A", "value": "b"}]),
    kubernetes("apps/v1", "Deployment", "web", {"template": {"spec": {"containers": [{"name": "web"}]}}}),
    kubernetes(SECURITY, "PeerAuthentication", "d", STRICT | {"portLevelMtls": {"80": {"mode": "STRICT"}}}),
    kubernetes(SECURITY, "AuthorizationPolicy", "a", FROM_ARGOCD | {"when": [{"key": "source.ip", "values": ["::1"]}]}),
    kubernetes(NETWORKING, "Gateway", "g", {"servers": [{"hosts": ["shop.example"]}]}),
    kubernetes("networking.k8s.io/v1", "Ingress", "i", {"rules": [{"host": "a.example"}]}),
    kubernetes("gateway.networking.k8s.io/v1", "Gateway", "g", {"listeners": [{"hostname": "a.example"}]}),
    kubernetes("autoscaling/v2", "HorizontalPodAutoscaler", "h", {"maxReplicas": 2}),
    kubernetes("v1", "Namespace", "trading", labels={}, namespace="trading"),
    kubernetes("v1", "ConfigMap", "istio-sidecar-injector"),
    {"keyType": "ec", "keyBits": 256, "ttl": "1h", "maxPathLength": 0, "type": "pki", "path": "sys/mounts/pki"},
]
TYPES = st.sampled_from(
    sorted(
        {f"kubernetes:{seed['apiVersion']}:{seed['kind']}" for seed in SEEDS if "kind" in seed}
        | {RELEASE, "kubernetes:helm.sh/v4:Chart", "kubernetes:core/v1:NamespacePatch"}
        | {vault_ca.REQUEST, vault_ca.SIGNED, vault_ca.ROOT, vault_ca.ENDPOINT, protected_ca.MOUNT}
    )
)


def places(tree: Any) -> list[tuple]:
    """Return the paths of every value below a tree."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [(key, *rest) for key, value in entries for rest in ((), *places(value))]


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a resource of which some values have another type."""
    props = deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(places(props) or [("spec",)]))
        branch = props
        for parent in parents:
            branch = branch[parent]
        branch[last] = draw(JSON)
    return props


@settings(max_examples=50, deadline=None)
@given(props=spoilt() | st.dictionaries(KEYS, JSON, max_size=6), type_=TYPES)
def test_whatever_a_resource_holds_every_rule_answers_in_words(props, type_):
    over_the_wire = json.loads(json.dumps(props))
    for rule in RULES:
        if not rule.of_stack:
            answers = said(rule, over_the_wire, type_)
        else:
            answers = said_of_all(rule, (type_, over_the_wire), (RELEASE, istiod()))
        assert all(isinstance(answer, str) and answer for answer in answers)
