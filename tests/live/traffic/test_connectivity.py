"""The calls of `operations connectivity`, and each refusal without its rule."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.workloads import CONTROL
from operations.connectivity.objects import NAMESPACE
from tests.support.commands import connectivity, wrong
from tests.support.objects import patched, present
from tests.support.project import STACK, Project

OPEN = {
    "apiVersion": "security.istio.io/v1beta1",
    "kind": "AuthorizationPolicy",
    "metadata": {"name": "open-to-all", "namespace": CONTROL},
    "spec": {"action": "ALLOW", "rules": [{}]},
}
REFUSALS = {"plain text", "denied caller", "unregistered host"}
KILLED = """
import os, signal, sys
from operations.connectivity import namespace
namespace.create_object = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from operations.__main__ import app
app()
"""


@contextmanager
def without_the_rules(project: Project) -> Iterator[None]:
    """Open the mesh by hand for the block, to plain text and to every caller, while settings ask for REGISTRY_ONLY."""
    plain_text = {"spec": {"mtls": {"mode": "PERMISSIVE"}}}
    with present([OPEN]), patched("peerauthentication", "default", CONTROL, lambda _: plain_text):
        project.set("proxy.outboundTraffic", "REGISTRY_ONLY")  # and no `up` tells the mesh
        try:
            yield
        finally:
            project.reset()


def test_each_refusal_is_seen_to_fail_when_its_rule_is_taken_away(mesh: Project, figure):
    """The run before was killed, so that this one also waits until its namespace is gone."""
    killed = mesh.run("python", "-c", KILLED, "connectivity", "--stack", STACK)
    assert killed.status == -signal.SIGKILL, killed.output
    left = get("namespace", NAMESPACE)["metadata"]["uid"]
    mesh.operation("connectivity").refused("another run makes its calls, or was killed")
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    with without_the_rules(mesh):
        status, report = connectivity(mesh)
    assert (status, wrong(report)) == (1, REFUSALS)
    namespaces = {one["metadata"]["uid"]: one["metadata"] for one in get("namespaces")["items"]}
    assert left not in namespaces
    assert all("deletionTimestamp" in one for one in namespaces.values() if one["name"] == NAMESPACE)
    figure("; ".join(f"{row['call']}: {row['seen']}" for row in report["calls"] if row["call"] in REFUSALS))


@pytest.mark.long
def test_every_call_goes_as_it_must_in_the_shipped_mesh(mesh: Project, figure):
    status, report = connectivity(mesh)
    assert (status, wrong(report)) == (0, set())
    figure("; ".join(f"{row['call']}: {row['seen']} after {row['seconds']} s" for row in report["calls"]))


def test_verify_names_a_route_without_a_gateway_and_the_service_that_is_not_there(mesh: Project, figure):
    nowhere = [{"route": [{"destination": {"host": "gone"}}]}]
    lost = {
        "apiVersion": "networking.istio.io/v1beta1",
        "kind": "VirtualService",
        "metadata": {"name": "lost", "namespace": "trading"},
        "spec": {"hosts": ["lost.example"], "gateways": ["nowhere"], "http": nowhere},
    }
    with present([lost]):
        findings = mesh.operation("verify", "--read-only", "--json").findings
    named = {one["name"]: one["message"] for one in findings if one["id"] == "attached routes"}
    assert "Gateway trading/nowhere does not exist" in named["trading/lost"]
    assert "does not exist" in named["trading/gone"]
    figure(f"{named['trading/lost']}; {named['trading/gone']}")
