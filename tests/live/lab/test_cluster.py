"""The local cluster is a real one: what runs on it behaves as on a cluster of Raspberry Pis."""

from collections.abc import Callable

import pytest

from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.machines import NODES
from lab.cluster.shell import LabError
from tests.support import pods as workloads
from tests.support.helm import NAMESPACE as MESH
from tests.support.pods import APP

INVALID_VIRTUAL_SERVICE = {
    "apiVersion": "networking.istio.io/v1beta1",
    "kind": "VirtualService",
    "metadata": {"name": "invalid", "namespace": "default"},
    "spec": {"hosts": ["shop"], "http": [{"route": [{"destination": {"host": "shop"}, "weight": -10}]}]},
}


@pytest.fixture(scope="module")
def shop(mesh: None, namespace: Callable[..., str]) -> str:  # noqa: ARG001 - the mesh must be there
    """Return a namespace with sidecars: a service `shop` and a client `buyer`."""
    name = namespace("meshed", istio_injection="enabled")
    workloads.apply(*workloads.server(name, "shop"), workloads.fortio(name, "buyer"))
    workloads.wait_ready(name, "shop", "buyer")
    return name


@pytest.fixture(scope="module")
def plain(namespace: Callable[..., str]) -> str:
    """Return a namespace without sidecars: a service `shop` and a client `stranger`."""
    name = namespace("plain")
    workloads.apply(*workloads.server(name, "shop"), workloads.fortio(name, "stranger"))
    workloads.wait_ready(name, "shop", "stranger")
    return name


def url(namespace: str) -> str:
    return f"http://shop.{namespace}.svc.cluster.local/"


def test_three_nodes_are_as_large_as_a_pi():
    sizes = {item["metadata"]["name"]: item["status"]["allocatable"] for item in get("nodes")["items"]}
    real = {node.name: (sizes[node.name]["cpu"], sizes[node.name]["memory"]) for node in NODES}
    assert real == {"pi-1": ("4", "3700Mi"), "pi-2": ("4", "3700Mi"), "pi-3": ("4", "3700Mi")}


def test_pods_reach_a_service_by_its_name_from_any_node(namespace):
    name = namespace("names")
    workloads.apply(*workloads.server(name, "shop"))
    clients = [node.name for node in NODES]
    for node in clients:
        client = workloads.fortio(name, f"on-{node}")
        workloads.apply({**client, "spec": {**client["spec"], "nodeName": node}})
    workloads.wait_ready(name, "shop", *(f"on-{node}" for node in clients))
    assert [workloads.comes_to_reach(name, f"on-{node}", url(name)) for node in clients] == [True, True, True]


@pytest.mark.usefixtures("mesh")
@pytest.mark.parametrize("app", ["istiod", "istio-ingressgateway", "istio-egressgateway"])
def test_istiod_and_the_gateways_run_and_are_ready(app):
    pods = staying_pods(MESH, f"app={app}")
    assert [pod["status"]["phase"] for pod in pods] == ["Running"]
    assert [container["ready"] for container in pods[0]["status"]["containerStatuses"]] == [True]


def test_a_pod_in_a_labelled_namespace_runs_with_a_ready_sidecar(shop):
    status = get("pod", "shop", f"--namespace={shop}")["status"]
    containers = status["containerStatuses"] + status.get("initContainerStatuses", [])
    assert {each["name"]: each["ready"] for each in containers} | {APP: True} == {
        APP: True,
        "istio-init": True,
        "istio-proxy": True,
    }


@pytest.mark.row(40)
def test_under_strict_a_pod_with_a_sidecar_gets_an_answer(shop):
    assert workloads.comes_to_reach(shop, "buyer", url(shop))


@pytest.mark.row(40)
def test_under_strict_a_pod_without_a_sidecar_gets_none_from_the_mesh(shop, plain):
    assert workloads.comes_to_reach(plain, "stranger", url(plain)), "the client itself is broken"
    assert not workloads.reaches(plain, "stranger", url(shop))


@pytest.mark.usefixtures("mesh")
def test_istiod_refuses_an_invalid_virtual_service():
    with pytest.raises(LabError, match=r"validation\.istio\.io.*weight -10 < 0"):
        workloads.apply(INVALID_VIRTUAL_SERVICE)


def test_a_pod_that_asks_for_8_gb_stays_pending_and_the_scheduler_says_why(namespace):
    name = namespace("greedy")
    requests = {"requests": {"memory": "8Gi"}}
    workloads.apply(workloads.pod(name, "greedy", workloads.idle(resources=requests)))
    status = workloads.wait_for_status(name, "greedy", lambda status: status.get("conditions"), "has a condition")
    assert status["phase"] == "Pending"
    assert "3 Insufficient memory" in status["conditions"][0]["message"]


def test_a_container_over_its_memory_limit_is_killed(namespace):
    name = namespace("hungry")
    swallow = ["/bin/busybox", "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"]
    limits = {"limits": {"memory": "32Mi"}}
    container = workloads.idle(command=swallow, resources=limits)
    workloads.apply(workloads.pod(name, "hungry", container, restartPolicy="Never"))
    status = workloads.wait_for_status(name, "hungry", lambda status: status["phase"] == "Failed", "fails")
    assert status["containerStatuses"][0]["state"]["terminated"]["reason"] == "OOMKilled"


def test_logs_of_a_pod_are_readable(plain):
    assert "Fortio" in kubectl("logs", "shop", f"--namespace={plain}")
