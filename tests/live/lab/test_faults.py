"""The faults that tests inject into the local cluster, and its recovery."""

import pytest

from lab.cluster import faults, simulated, state
from lab.cluster.kubectl import get, kubectl
from lab.cluster.shell import LabError
from lab.cluster.simulated import SimulatedNode
from lab.workloads import apply
from tests.support import pods


@pytest.fixture
def simulated_nodes():
    """Yield `simulated.put`, and remove every simulated node after the test."""
    yield simulated.put
    simulated.remove_all()


def test_a_simulated_node_says_what_the_test_wants_of_kernel_system_and_architecture(simulated_nodes):
    simulated_nodes(SimulatedNode("sim-1", kernel="6.6.31+rpt-rpi-v8", os_image="Debian 12", architecture="arm"))
    told = get("node", "sim-1")["status"]["nodeInfo"]
    assert (told["kernelVersion"], told["osImage"], told["architecture"]) == ("6.6.31+rpt-rpi-v8", "Debian 12", "arm")


def test_a_simulated_node_becomes_unready_and_ready_again(simulated_nodes):
    for ready in (True, False, True):
        simulated_nodes(SimulatedNode("sim-1", ready=ready))
        assert (state.node_readiness()["sim-1"] == "True") is ready


def test_the_scheduler_counts_a_simulated_nodes_memory_but_sends_no_pod_there_unasked(simulated_nodes, namespace):
    simulated_nodes(SimulatedNode("sim-1", memory="64Gi"))
    name = namespace("size")
    large = pods.idle(resources={"requests": {"memory": "32Gi"}})
    apply([pods.pod(name, "unasked", large), pods.pod(name, "asked", large, tolerations=[simulated.TOLERATION])])
    pods.wait_ready(name, "asked")
    assert get("pod", "asked", f"--namespace={name}")["spec"]["nodeName"] == "sim-1"
    assert get("pod", "unasked", f"--namespace={name}")["status"]["phase"] == "Pending"


@pytest.mark.long
def test_a_stopped_node_is_noticed_and_its_pods_run_again_when_it_is_back(namespace):
    name = namespace("reboot")
    apply([pods.pod(name, "stays", pods.idle(), nodeName="pi-3")])
    pods.wait_ready(name, "stays")
    with faults.node_down("pi-3"):
        assert state.node_readiness()["pi-3"] == "Unknown"
    status = pods.wait_for_status(name, "stays", _restarted, "runs again")
    assert status["phase"] == "Running"


def _restarted(status: dict) -> bool:
    container = status["containerStatuses"][0]
    return container["restartCount"] > 0 and container["ready"]


@pytest.mark.long
def test_without_its_api_server_the_cluster_says_so_and_knows_everything_again_after(namespace):
    name = namespace("memory")
    with faults.api_server_down(), pytest.raises(LabError, match="kubectl"):
        kubectl("get", "namespaces")
    assert get("namespace", name)["status"]["phase"] == "Active"
