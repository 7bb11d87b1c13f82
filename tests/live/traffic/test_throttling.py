"""CPU limits that are too small, as `verify` finds them in the kubelets' counters."""

import pytest

from lab.workloads import TRADING, Workload, apply, delete, manifests, service, wait_for
from tests.live.traffic.load import steady
from tests.support.project import Project

pytestmark = pytest.mark.long

WINDOW = 30
SERVER, CLIENT = Workload("busy"), Workload("busy-client")
OBJECTS = [*manifests(SERVER), *manifests(CLIENT), service("busy", {"fortio": "busy"}, http=8080)]


def under_load(project: Project, limit: str) -> dict:
    """Return what `verify` finds about the server's sidecar, with such a CPU limit and requests going through it."""
    sizes = {"requests": {"cpu": "10m", "memory": "128Mi"}, "limits": {"cpu": limit, "memory": "256Mi"}}
    project.set("proxy.resources", sizes)
    project.must_up()
    apply(OBJECTS)
    try:
        wait_for(SERVER, CLIENT, seconds=300)
        with steady(CLIENT, f"http://busy.{TRADING}"):
            outcome = project.operation("verify", "--json", "--window", str(WINDOW))
    finally:
        delete(OBJECTS)
    findings = [one for one in outcome.findings if one["id"] == "cpu throttling"]
    for one in findings:
        print(f"{limit}: {one['level']} {one['name']}: {one['message']} -> {one['fix']}")
    return next((one for one in findings if one["name"] == f"{TRADING}/busy"), findings[0])


def test_a_sidecar_at_20m_is_throttled_and_one_at_500m_is_not(alone: Project, figure):
    alone.must_hold_the_shipped_mesh()
    throttled = under_load(alone, "20m")
    assert (throttled["level"], throttled["fix"]) == ("warning", "raise proxy.resources.limits.cpu")
    assert "at 20m, counted over" in throttled["message"]
    enough = under_load(alone, "500m")
    assert enough["level"] == "ok", enough["message"]
    figure(f"20m: {throttled['message']}; 500m: {enough['message']}")
