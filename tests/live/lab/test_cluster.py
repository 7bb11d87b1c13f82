"""The local cluster is a real one: what runs on it behaves as on a cluster of Raspberry Pis."""

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.cluster.machines import NODES
from lab.cluster.shell import LabError
from lab.workloads import apply
from tests.support import pods

INVALID_VIRTUAL_SERVICE = {
    "apiVersion": "networking.istio.io/v1beta1",
    "kind": "VirtualService",
    "metadata": {"name": "invalid", "namespace": "default"},
    "spec": {"hosts": ["shop"], "http": [{"route": [{"destination": {"host": "shop"}, "weight": -10}]}]},
}


def test_three_nodes_are_as_large_as_a_pi():
    sizes = {item["metadata"]["name"]: item["status"]["allocatable"] for item in get("nodes")["items"]}
    real = {node.name: (sizes[node.name]["cpu"], sizes[node.name]["memory"]) for node in NODES}
    assert real == dict.fromkeys(("pi-1", "pi-2", "pi-3"), ("4", "3700Mi"))


def test_pods_reach_a_service_by_its_name_from_any_node_and_their_logs_are_readable(namespace):
    name, clients = namespace("names"), {f"on-{node.name}": node.name for node in NODES}
    callers = [(pods.fortio(name, client), node) for client, node in clients.items()]
    apply([*pods.server(name, "shop"), *({**pod, "spec": {**pod["spec"], "nodeName": node}} for pod, node in callers)])
    pods.wait_ready(name, "shop", *clients)
    url = f"http://shop.{name}.svc.cluster.local/"
    assert [pods.comes_to_reach(name, client, url) for client in clients] == [True, True, True]
    assert "Fortio" in kubectl("logs", "shop", f"--namespace={name}")


@pytest.mark.usefixtures("mesh")
def test_a_pod_in_a_labelled_namespace_runs_with_a_ready_sidecar(namespace):
    name = namespace("meshed", istio_injection="enabled")
    apply([pods.fortio(name, "shop")])
    pods.wait_ready(name, "shop")
    status = get("pod", "shop", f"--namespace={name}")["status"]
    containers = status["containerStatuses"] + status.get("initContainerStatuses", [])
    ready = {each["name"]: each["ready"] for each in containers}
    assert ready == dict.fromkeys((pods.APP, "istio-init", "istio-proxy"), True)


@pytest.mark.usefixtures("mesh")
def test_istiod_refuses_an_invalid_virtual_service():
    with pytest.raises(LabError, match=r"validation\.istio\.io.*weight -10 < 0"):
        apply([INVALID_VIRTUAL_SERVICE])


def test_a_pod_that_asks_for_8_gb_stays_pending_and_the_scheduler_says_why(namespace):
    name = namespace("greedy")
    apply([pods.pod(name, "greedy", pods.idle(resources={"requests": {"memory": "8Gi"}}))])
    status = pods.wait_for_status(name, "greedy", lambda status: status.get("conditions"), "has a condition")
    assert status["phase"] == "Pending"
    assert "3 Insufficient memory" in status["conditions"][0]["message"]


def test_a_container_over_its_memory_limit_is_killed(namespace):
    name = namespace("hungry")
    swallow = ["/bin/busybox", "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"]
    container = pods.idle(command=swallow, resources={"limits": {"memory": "32Mi"}})
    apply([pods.pod(name, "hungry", container, restartPolicy="Never")])
    status = pods.wait_for_status(name, "hungry", lambda status: status["phase"] == "Failed", "fails")
    assert (
        status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137
    )  # its reason comes by another way, late
