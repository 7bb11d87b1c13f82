"""A stack that breaks a mandatory rule is refused before any resource changes; one that breaks none goes through."""

from collections.abc import Iterator

import pytest

from tests.support.objects import identities
from tests.support.project import STACK, Project

PACK = ("--policy-pack", "policies", "--policy-pack-config", f"policies/config/{STACK}.json")
KINDS = "deployments,services,secrets,namespaces,validatingwebhookconfigurations,customresourcedefinitions"
BREACHES = {
    "pi-ceiling": ("proxy.resources.limits", {"cpu": "200m", "memory": "600Mi"}),
    "bounded-autoscaling": ("ingress.autoscaling", {"enabled": True, "maxReplicas": 9}),
    "mesh-wide-strict": ("mtls.mode", "PERMISSIVE"),
    "no-secrets-in-values": ("base.values.adminPassword", "fox"),
}


@pytest.fixture
def judged(project: Project) -> Iterator[Project]:
    """Yield the stack lab with sidecars as small as the rules allow."""
    project.set("proxy.resources.requests", {"cpu": "50m", "memory": "128Mi"})
    project.set("proxy.resources.limits", {"cpu": "200m", "memory": "256Mi"})
    yield project
    project.reset()


@pytest.mark.parametrize("rule", BREACHES)
def test_a_breach_is_refused_before_anything_changes(rule, judged, figure):
    judged.set(*BREACHES[rule])
    before = identities(KINDS), judged.pulumi("stack", "export").output
    refused = judged.pulumi("up", "--yes", *PACK)
    refused.refused(f"[mandatory]  {rule}  (")
    assert "Fix: " in refused.output
    assert (identities(KINDS), judged.pulumi("stack", "export").output) == before
    figure(f"exit status {refused.status}; no object, no state changed")


def test_the_stack_as_it_is_keeps_every_rule(judged):
    kept = judged.preview(*PACK).must()
    assert "pi-mesh@v1.0.0 (local: policies)" in kept.output
    assert "mandatory" not in kept.output
