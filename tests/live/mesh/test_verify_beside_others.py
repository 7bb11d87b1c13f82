"""Foreign objects, also broken ones, which do not decide the verification of this mesh."""

import json
from collections.abc import Iterator

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.workloads import TRADING, apply, namespace
from pi_mesh.cluster.pods import SIDECAR
from tests.support import simulated_pods
from tests.support.objects import present
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
