"""The pods that no longer fit when a node dies, as the preflight names them."""

from dataclasses import replace

import pytest

from pi_mesh.checks.preflight import a_node_less
from pi_mesh.cluster.nodes import Placement
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import MI, Resources
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_node, make_pis, make_pod, make_snapshot

PIS, FITS = make_pis(), "all that must run still fits if it dies"


def app(name: str, node: int = 1, memory: int = 10, **more: object) -> Pod:
    """Return a pod of a Deployment."""
    return make_pod(
        f"{name}-5d4f-x", memory=memory, **{"node": f"pi-{node}", "owner": f"ReplicaSet/{name}-5d4f", **more}
    )


def with_cpu(name: str, cpu: int) -> Pod:
    return replace(app(name), containers=(Container("app", Resources(cpu, 100 * MI)),))


ONE, ORDERS = "if it dies, 1 pod fits on no other node: ", tuple(app("orders", node, 3000) for node in (1, 2, 3))
BUSY, SSD = ORDERS[1:], make_node("pi-1", labels={"disk": "ssd"})
DAEMON, STATIC = (app("log", 1, 3600, owner=owner) for owner in ("DaemonSet/log", "Node/pi-1"))
DEAD = (*make_pis(2), make_node("pi-3", ready=False))
HALVES = tuple(app(f"app-{node}", node, 1900) for node in (1, 2, 3))
PRIORITY = app("orders", 1, 2000, placement=Placement(priority=1000))
RANKED = (PRIORITY, app("reports", 1, 3000), app("db", 2, 700), app("db", 3, 3000))
CASES = {
    "pods that find room on the other nodes": (PIS, (app("orders", 1, 3000),), "ok", 0, FITS),
    "pods that fit on no other node": (PIS, ORDERS, "warning", 1, f"{ONE}1 of default/orders"),
    "a pod of a DaemonSet is awaited on no other node": (PIS, (DAEMON, *BUSY), "ok", 0, FITS),
    "nor is a static pod": (PIS, (STATIC, *BUSY), "ok", 0, FITS),
    "a pod without a controller is gone":
        (PIS, (make_pod("probe"),), "ok", 0, f"{FITS}; nothing makes 1 of default/probe anew"),
    "a pod that only one node may run":
        ((SSD, *PIS[1:]), (app("db", placement=Placement({"disk": "ssd"})),), "warning", 1, f"{ONE}1 of default/db"),
    "what ran on a node that is down already needs a place too":
        (DEAD, HALVES, "warning", 2, "if it dies, 2 pods fit on no other node: 1 of default/app-1, 1 of default/app-3"),
    "the pod of the higher priority is placed first": (PIS, RANKED, "warning", 1, f"{ONE}1 of default/reports"),
    "of pods with the same memory the one with more CPU is placed first":
        (PIS[:2], (with_cpu("small", 3000), with_cpu("large", 3500)), "warning", 1, f"{ONE}1 of default/small"),
    "a cluster of one node":
        (PIS[:1], (app("orders"),), "ok", None, "is the only node that runs pods: without it nothing runs"),
}  # fmt: skip
NO_GATEWAYS = {"ingress": {"enabled": False}, "egress": {"enabled": False}}


@pytest.mark.parametrize(("nodes", "pods", "level", "number", "message"), CASES.values(), ids=CASES)
def test_the_pods_that_fit_nowhere_without_the_first_node_are_named(nodes, pods, level, number, message):
    finding, *_ = a_node_less.check(observation(make_snapshot(nodes=nodes, pods=pods), **NO_GATEWAYS))
    assert (finding.name, finding.level, finding.number) == ("pi-1", level, number)
    assert finding.message == message


def test_the_mesh_that_is_still_to_be_installed_counts():
    full = tuple(app(f"app-{node}", node, 3700) for node in (1, 2))
    numbers = {f.name: f for f in a_node_less.check(observation(make_snapshot(pods=full), **NO_GATEWAYS))}
    assert "1 of istio-system/istiod" in numbers["pi-3"].message
    assert numbers["pi-1"].number == 1


def test_a_node_that_is_down_is_not_judged():
    findings = a_node_less.check(observation(make_snapshot(nodes=DEAD), **NO_GATEWAYS))
    assert [finding.name for finding in findings] == ["pi-1", "pi-2"]


@pytest.mark.parametrize(
    ("count", "end"), [(4, " of default/app-3"), (5, " 1 more workload"), (6, " 2 more workloads")]
)
def test_the_workloads_after_the_first_four_are_counted(count, end):
    assert a_node_less.named([app(f"app-{number}") for number in range(count)]).endswith(end)
