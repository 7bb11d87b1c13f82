"""The pods that no longer fit when a node dies, as the preflight names them."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import a_node_less
from pi_mesh.cluster.nodes import Placement
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.quantities import MI, Resources
from tests.support.factories import make_mesh
from tests.support.snapshots import make_node, make_pis, make_pod, make_snapshot

NO_GATEWAYS = {"ingress": {"enabled": False}, "egress": {"enabled": False}}


def of_deployment(name: str, node: str, memory: int, **more: object) -> Pod:
    return make_pod(f"{name}-5d4f-x", memory=memory, node=node, owner=f"ReplicaSet/{name}-5d4f", **more)


def said(snapshot: Snapshot, **settings: object) -> dict[str, Finding]:
    return {
        finding.name: finding
        for finding in a_node_less.check(Observation(make_mesh(**settings, **NO_GATEWAYS), snapshot))
    }


def test_pods_that_find_room_on_the_other_nodes_are_no_warning():
    snapshot = make_snapshot(pods=(of_deployment("orders", "pi-1", 3000),))
    assert [(found.level, found.message) for found in said(snapshot).values()] == [
        (Level.OK, "all that must run still fits if it dies")
    ] * 3


def test_pods_that_fit_on_no_other_node_are_named_for_the_node_that_dies():
    pods = [of_deployment("orders", f"pi-{number}", 3000) for number in (1, 2, 3)]
    found = said(make_snapshot(pods=tuple(pods)))
    assert [(one.name, one.level, one.number) for one in found.values()] == [
        (f"pi-{number}", Level.WARNING, 1) for number in (1, 2, 3)
    ]
    assert found["pi-1"].message == "if it dies, 1 pod fits on no other node: 1 of default/orders"


def test_the_mesh_that_is_still_to_be_installed_counts():
    full = tuple(of_deployment(f"app-{number}", f"pi-{number}", 3700) for number in (1, 2))
    found = said(make_snapshot(pods=full))
    assert "1 of istio-system/istiod" in found["pi-3"].message
    assert found["pi-1"].number == 1


@pytest.mark.parametrize("owner", ["DaemonSet/log", "Node/pi-1", ""])
def test_pods_of_one_node_only_are_not_awaited_elsewhere(owner):
    pod = replace(of_deployment("log", "pi-1", 3600), owner=owner)
    busy = tuple(of_deployment("orders", name, 3000) for name in ("pi-2", "pi-3"))
    assert said(make_snapshot(pods=(pod, *busy)))["pi-1"].level is Level.OK


def test_a_pod_without_a_controller_is_named_as_gone():
    found = said(make_snapshot(pods=(make_pod("probe"),)))
    assert found["pi-1"].message.endswith("nothing makes 1 of default/probe anew")


def test_a_pod_that_only_one_node_may_run_has_no_other_place():
    pinned = of_deployment("db", "pi-1", 10, placement=Placement({"disk": "ssd"}))
    nodes = (make_node("pi-1", labels={"disk": "ssd"}), *make_pis(3)[1:])
    assert said(make_snapshot(nodes=nodes, pods=(pinned,)))["pi-1"].number == 1


def test_what_ran_on_a_node_that_is_down_already_needs_a_place_too():
    nodes = (*make_pis(2), make_node("pi-3", ready=False))
    pods = tuple(of_deployment(f"app-{number}", f"pi-{number}", 1900) for number in (1, 2, 3))
    found = said(make_snapshot(nodes=nodes, pods=pods))
    assert found.keys() == {"pi-1", "pi-2"}
    assert found["pi-1"].number == 2


def test_the_pod_of_the_higher_priority_is_placed_first():
    pods = (
        of_deployment("orders", "pi-1", 2000, placement=Placement(priority=1000)),
        of_deployment("reports", "pi-1", 3000),
        of_deployment("db", "pi-2", 700),
        of_deployment("db", "pi-3", 3000),
    )
    assert said(make_snapshot(pods=pods))["pi-1"].message.endswith(": 1 of default/reports")


def test_a_cluster_of_one_node_has_nowhere_to_move_to():
    found = said(make_snapshot(nodes=make_pis(1), pods=(of_deployment("orders", "pi-1", 10),)))
    assert found["pi-1"].message == "is the only node that runs pods: without it nothing runs"


def test_many_workloads_are_counted_beyond_the_first_four():
    pods = [of_deployment(f"app-{number}", "pi-1", 1) for number in range(6)]
    assert a_node_less.named(pods).endswith("1 of default/app-3 and 2 more workloads")


@pytest.mark.parametrize(("count", "end"), [(4, "1 of default/app-3"), (5, " and 1 more workload")])
def test_the_workloads_after_the_first_four_are_counted(count, end):
    pods = [of_deployment(f"app-{number}", "pi-1", 10) for number in range(count)]
    assert a_node_less.named(pods).endswith(end)


def test_of_pods_with_the_same_memory_the_one_with_more_cpu_is_placed_first():
    small, large = (
        replace(of_deployment(name, "pi-1", 100), containers=(Container("app", Resources(cpu, 100 * MI)),))
        for name, cpu in (("small", 3000), ("large", 3500))
    )
    found = said(make_snapshot(nodes=make_pis(2), pods=(small, large)))
    assert "1 of default/small" in found["pi-1"].message
    assert "default/large" not in found["pi-1"].message
