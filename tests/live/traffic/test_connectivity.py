"""The calls of `operations connectivity`, and each refusal without its rule."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.workloads import CONTROL, apply, delete
from operations.connectivity.targets import NAMESPACE
from tests.live.traffic import cast
from tests.live.traffic.rules import rules
from tests.support.connectivity import connectivity, wrong
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
from operations.connectivity import own_namespace
own_namespace.create = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from operations.__main__ import app
app()
"""


@contextmanager
def without_the_rules(project: Project) -> Iterator[None]:
    """Open the mesh by hand for the block, to plain text and to every caller, while settings ask for REGISTRY_ONLY."""
    patch = ("patch", "peerauthentication", "default", "-n", CONTROL, "--type=merge", "-p")
    apply([OPEN])
    project.set("proxy.outboundTraffic", "REGISTRY_ONLY")  # and no `up` tells the mesh
    kubectl(*patch, json.dumps({"spec": {"mtls": {"mode": "PERMISSIVE"}}}))
    try:
        yield
    finally:
        kubectl(*patch, json.dumps({"spec": {"mtls": {"mode": "STRICT"}}}))
        project.reset()
        delete([OPEN])


def test_each_refusal_is_seen_to_fail_when_its_rule_is_taken_away(mesh: Project, figure):
    with without_the_rules(mesh):
        status, report = connectivity(mesh)
    assert (status, wrong(report)) == (1, REFUSALS)
    figure("; ".join(f"{row['call']}: {row['seen']}" for row in report["calls"] if row["call"] in REFUSALS))


def test_a_namespace_of_a_killed_run_is_removed_by_the_next_and_every_call_goes_as_it_must(mesh: Project, figure):
    killed = mesh.run("python", "-c", KILLED, "connectivity", "--stack", STACK)
    assert killed.status == -signal.SIGKILL, killed.output
    left = get("namespace", NAMESPACE)["metadata"]["uid"]
    status, report = connectivity(mesh)
    assert (status, wrong(report)) == (0, set())
    namespaces = {one["metadata"]["uid"]: one["metadata"] for one in get("namespaces")["items"]}
    assert left not in namespaces
    assert all("deletionTimestamp" in one for one in namespaces.values() if one["name"] == NAMESPACE)
    seen = [f"{row['call']}: {row['seen']} after {row['seconds']} s" for row in report["calls"]]
    figure("; ".join(seen))


@pytest.mark.usefixtures("workloads")
def test_the_policy_that_refuses_a_workloads_call_is_named(mesh: Project, figure):
    ends = ("--from", f"{cast.CLIENT.namespace}/{cast.CLIENT.name}", "--to", "trading/trading-agent-service")
    assert connectivity(mesh, *ends)[0] == 0
    policy = {"agent": {"selector": cast.AGENT, "rules": [{"namespaces": [cast.ARGOCD]}]}}
    with rules(authorization={"policies": policy}):
        status, report = connectivity(mesh, *ends)
    (error,) = (one for one in report["findings"] if one["level"] == "error")
    assert (status, error["kind"], error["name"]) == (1, "AuthorizationPolicy", "trading/agent")
    plain = ("--from", f"{cast.OUTSIDE}/{cast.OUTSIDER.name}", *ends[2:])
    (strict,) = (one for one in connectivity(mesh, *plain)[1]["findings"] if one["level"] == "error")
    assert (strict["kind"], strict["name"]) == ("PeerAuthentication", f"{CONTROL}/default")
    figure(f"{error['kind']} {error['name']}: {error['message']}; without a sidecar {strict['kind']} {strict['name']}")


@pytest.mark.usefixtures("workloads")
def test_verify_names_a_route_without_a_gateway_and_the_service_that_is_not_there(mesh: Project, figure):
    nowhere = [{"route": [{"destination": {"host": "gone"}}]}]
    lost = {
        "apiVersion": "networking.istio.io/v1beta1",
        "kind": "VirtualService",
        "metadata": {"name": "lost", "namespace": "trading"},
        "spec": {"hosts": ["lost.example"], "gateways": ["nowhere"], "http": nowhere},
    }
    apply([lost])
    try:
        found = json.loads(mesh.operation("verify", "--json").output.splitlines()[-1])["findings"]
    finally:
        delete([lost])
    named = {one["name"]: one["message"] for one in found if one["id"] == "attached routes"}
    assert "Gateway trading/nowhere does not exist" in named["trading/lost"]
    assert "does not exist" in named["trading/gone"]
    figure(f"{named['trading/lost']}; {named['trading/gone']}")
