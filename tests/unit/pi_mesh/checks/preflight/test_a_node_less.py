"""The pods that no longer fit when a node dies, as the preflight names them."""

from dataclasses import replace

import pytest

from pi_mesh.checks.preflight import a_node_less
from pi_mesh.cluster.nodes import Placement
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import MI, Resources
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_node, make_pis, make_pod, make_snapshot

NO_GATEWAYS = {"ingress": {"enabled": False}, "egress": {"enabled": False}}


def app(name: str, node: int = 1, memory: int = 10, **more: object) -> Pod:
    """Return a pod of a Deployment."""
    where = {"node": f"pi-{node}", "owner": f"ReplicaSet/{name}-5d4f", **more}
    return make_pod(f"{name}-5d4f-x", memory=memory, **where)


def with_cpu(name: str, cpu: int) -> Pod:
    return replace(app(name), containers=(Container("app", Resources(cpu, 100 * MI)),))


PIS, DEAD, SSD = make_pis(), (*make_pis(2), make_node("pi-3", ready=False)), make_node(labels={"disk": "ssd"})
FITS, ONE = "ok node pi-1: all that must run still fits if it dies", "warning node pi-1: if it dies, 1 pod fits on no "
ORDERS = tuple(app("orders", node, 3000) for node in (1, 2, 3))
DAEMON, STATIC = (app("log", 1, 3600, owner=owner) for owner in ("DaemonSet/log", "Node/pi-1"))
PINNED, HALVES = app("db", placement=Placement({"disk": "ssd"})), [app(f"app-{node}", node, 1900) for node in (1, 2, 3)]
URGENT = app("orders", 1, 2000, placement=Placement(priority=1000))
RANKED = (URGENT, app("reports", 1, 3000), app("db", 2, 700), app("db", 3, 3000))


@table(
    case("pods that find room on the other nodes", PIS, ORDERS[:1], f"{FITS} [0]"),
    case("pods that fit on no other node", PIS, ORDERS, f"{ONE}other node: 1 of default/orders; lower requests…[1]"),
    case("a pod of a DaemonSet is awaited on no other node", PIS, (DAEMON, *ORDERS[1:]), FITS),
    case("nor is a static pod", PIS, (STATIC, *ORDERS[1:]), FITS),
    case("nor is a pod that is ending", PIS, (replace(ORDERS[0], ending=True), *ORDERS[1:]), FITS),
    case("a pod without a controller is gone", PIS, (make_pod("probe"),), f"{FITS}; nothing makes 1 of default/probe"),
    case("a pod that only one node may run", (SSD, *PIS[1:]), (PINNED,), f"{ONE}other node: 1 of default/db; "),
    case("what ran on a node that is down already needs a place too", DEAD, HALVES,
        "warning node pi-1: if it dies, 2 pods fit on no other node: 1 of default/app-1, 1 of default/app-3; …[2]"),
    case("the pod of the higher priority is placed first", PIS, RANKED, f"{ONE}other node: 1 of default/reports; "),
    case("of pods with the same memory the one with more CPU is placed first", PIS[:2],
        (with_cpu("small", 3000), with_cpu("large", 3500)), f"{ONE}other node: 1 of default/small; "),
    case("the only node", PIS[:1], ORDERS[:1], "ok node pi-1: is the only node that runs pods: without it"),
)  # fmt: skip
def test_the_pods_that_fit_nowhere_without_the_first_node_are_named(nodes, pods, line):
    first, *others = a_node_less.check(observation(make_snapshot(nodes=nodes, pods=tuple(pods)), **NO_GATEWAYS))
    assert_told([first], line)
    assert len(others) == sum(node.ready for node in nodes) - 1


def test_the_mesh_that_is_still_to_be_installed_counts():
    full = tuple(app(f"app-{node}", node, 3700) for node in (1, 2))
    told = a_node_less.check(observation(make_snapshot(pods=full), **NO_GATEWAYS))
    assert_told(told, f"{ONE}…[1]", "warning node pi-2", "warning node pi-3: …1 of istio-system/istiod")


@pytest.mark.parametrize(("count", "end"), [(4, "of default/app-3"), (5, " 1 more workload"), (6, "2 more workloads")])
def test_the_workloads_after_the_first_four_are_counted(count, end):
    assert a_node_less.named([app(f"app-{number}") for number in range(count)]).endswith(end)


LATE = "warning cluster.unreachableSeconds: is not set: if the Pi of"
TWO, KEPT = {"replicas": 2}, "ok cluster.unreachableSeconds: nothing that orders need waits for it"
OWN = {"values": {"tolerations": [{"key": "node.kubernetes.io/unreachable", "operator": "Exists"}]}}
WAITS = {
    "every single pod": ({}, f"{LATE} istiod, the ingress gateway and the egress gateway is lost, …340 s; set it "),
    "none that is doubled, or off": ({"ingress": TWO, "egress": {"enabled": False}}, f"{LATE} istiod is lost"),
    "none with a toleration in the extra values":
        ({"istio": {"pilotReplicas": 2}, "ingress": OWN, "egress": TWO}, KEPT),
    "none with the setting": ({"cluster": {"unreachableSeconds": 60}}, "ok cluster.unreachableSeconds: is 60"),
    "none of a single node": ({"cluster": {"nodes": 1}}, KEPT),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "line"), WAITS.values(), ids=WAITS)
def test_the_pods_that_wait_five_minutes_for_a_lost_node_are_named(settings, line):
    assert_told(a_node_less.check_lost(observation(make_snapshot(), **settings)), line)
