"""The objects and workloads of others: they do not decide a verification, and a destroy names them."""

import json
from collections.abc import Iterator

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.workloads import TRADING, apply, namespace
from pi_mesh.cluster.pods import SIDECAR
from tests.support import pods, simulated_pods
from tests.support.objects import identities, present
from tests.support.project import Outcome, Project

OTHERS, BROKEN = "others", 500


def broken(name: str, space: str) -> dict:
    """Return a VirtualService of a gateway that is not there."""
    spec = {"hosts": ["shop.example"], "gateways": ["nowhere"], "http": [{"directResponse": {"status": 200}}]}
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata, "spec": spec}


@pytest.fixture
def others() -> Iterator[None]:
    """Hundreds of broken objects in a namespace without injection."""
    apply([namespace(OTHERS), *(broken(f"broken-{number}", OTHERS) for number in range(BROKEN))])
    yield
    kubectl("delete", "namespace", OTHERS, "--timeout=120s")


def analysis(outcome: Outcome) -> dict:
    """Return the level and number of each finding of the analysis about what is referenced and not there."""
    analysed = [one for one in outcome.findings if one["id"] == "configuration analysis"]
    findings = [one for one in analysed if "IST0101" in one["message"]]
    return {(one["kind"], one["name"]): (one["level"], one["number"]) for one in findings}


@pytest.mark.usefixtures("others")
def test_hundreds_of_broken_objects_of_others_are_one_warning_and_status_0(mesh: Project):
    verified = mesh.operation("verify", "--json").must()
    ((what, (level, number)),) = analysis(verified).items()
    assert (what, level) == (("other namespace", ""), "warning")
    assert number >= BROKEN  # and what namespaces of other tests, just being deleted, still have


def test_one_broken_object_in_the_trading_namespace_is_status_1(mesh: Project):
    with present([broken("broken", TRADING)]):
        verified = mesh.operation("verify", "--json")
    assert verified.status == 1
    assert analysis(verified) == {("VirtualService", f"{TRADING}/broken"): ("error", None)}


def test_a_crowd_of_simulated_pods_leaves_the_verification_green_and_nothing_behind(mesh: Project):
    try:
        simulated_pods.up(pods=40, nodes=2, objects=10)
        mesh.operation("verify").must()
        pods = get("pods", "-n", simulated_pods.NAMESPACE)["items"]
        assert {pod["status"]["phase"] for pod in pods} == {"Running"}
        assert len([pod for pod in pods if SIDECAR in json.dumps(pod["spec"])]) == len(pods) == 40
    finally:
        simulated_pods.down()
    assert {node["metadata"]["name"] for node in get("nodes")["items"]} == {"pi-1", "pi-2", "pi-3"}


KINDS = "namespaces,deployments,services,pods,configmaps,secrets,peerauthentications,resourcequotas"


@pytest.fixture
def guarded(mesh: Project) -> Iterator[Project]:
    """Yield the shared mesh with the guard as it is by default; afterwards a destroy takes tests along again."""
    mesh.set("destroy.workloads", False)
    mesh.must_up()
    yield mesh
    mesh.must_hold_the_shipped_mesh()


def resources(project: Project) -> list[str]:
    state = project.state()
    assert not state.get("pending_operations")
    return [entry["urn"] for entry in state["resources"]]


@pytest.mark.row(43)
def test_the_workloads_of_others_are_named_and_nothing_is_touched(guarded, namespace, figure):
    elsewhere = namespace("shop", istio_injection="enabled")
    apply([pods.fortio("trading", "teller"), pods.pod(elsewhere, "till", pods.idle())])
    pods.wait_ready("trading", "teller")
    pods.wait_ready(elsewhere, "till")
    try:
        before = resources(guarded), identities(KINDS)
        refused = guarded.destroy()
        refused.refused("others still use this mesh; nothing was touched")
        assert "Pod teller" in refused.line_with("namespace trading: would be deleted with")
        assert f"{elsewhere}/till" in refused.line_with("would lose the istiod")
        assert (resources(guarded), identities(KINDS)) == before
        guarded.must_be_unchanged()
    finally:
        kubectl("delete", "pod", "teller", "--namespace=trading", "--wait=false")
    figure(refused.line_with("namespace trading: would be deleted with").strip())
