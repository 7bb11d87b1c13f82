"""The preflight's findings about free memory."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import room_for_the_mesh
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.quantities import MI, Resources
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems
from tests.support.snapshots import installed_mesh, make_node, make_pis, make_pod, make_snapshot, state_of


def test_a_node_with_too_little_free_memory_is_named_with_both_numbers():
    busy = make_pod(memory=2000, node="pi-2")
    (problem,) = problems(make_snapshot(pods=(busy,)))
    assert problem.startswith("node pi-2: 1700Mi of 3700Mi memory are free, 2Gi needed")


def test_free_memory_is_not_asked_for_once_the_mesh_is_there():
    trading = make_pod(memory=2000, node="pi-2", namespace="trading")
    assert problems(make_snapshot(pods=(trading,), **installed_mesh()), state_of()) == []


def test_exactly_the_wanted_memory_is_enough_and_said_once():
    exact, scarce = (make_snapshot(pods=(make_pod(memory=memory, node="pi-2"),)) for memory in (1652, 1653))
    (row,) = room_for_the_mesh.check_free_memory(Observation(make_mesh(), exact))
    assert (row.level, str(row)) == (Level.OK, "nodes: at least 2Gi of memory are free on each")
    (row,) = room_for_the_mesh.check_free_memory(Observation(make_mesh(), scarce))
    assert (row.level, row.number) == (Level.ERROR, 2047 * MI)


NO_GATEWAYS = {"ingress": {"enabled": False}, "egress": {"enabled": False}}


def sized(memory: int) -> dict[str, object]:
    """Return the resources of a component with so many Mi."""
    return {half: {"cpu": "100m", "memory": f"{memory}Mi"} for half in ("requests", "limits")}


def own(name: str, node: str, memory: int, version: str = "1.31.0") -> Pod:
    """Return a running pod of istiod or a gateway, as its chart makes it."""
    image = f"docker.io/istio/{name}:{version}"
    containers = (Container(name, Resources(100, memory * MI), image=image),)
    return Pod("istio-system", f"{name}-0", {"app": name}, node, containers=containers)


def crowded(*pods: Pod, **nodes: int) -> Snapshot:
    """Return the running mesh on nodes with so many Mi each, and nothing else on them."""
    pis = tuple(make_node(name.replace("_", "-"), memory=memory) for name, memory in nodes.items())
    return make_snapshot(nodes=pis, pods=pods, **installed_mesh())


def finding(snapshot: Snapshot, **settings: object) -> Finding:
    return next(iter(room_for_the_mesh.check_room(Observation(make_mesh(**settings), snapshot))))


@pytest.mark.row(22)
def test_a_mesh_that_does_not_fit_is_refused_with_what_it_needs():
    nodes = make_pis(memory=2100)
    resources = {"requests": {"cpu": "100m", "memory": "3Gi"}, "limits": {"cpu": "500m", "memory": "3Gi"}}
    (problem,) = problems(make_snapshot(nodes=nodes), istio={"resources": resources})
    assert "do not fit" in problem
    assert "pi-1 has 4 CPUs and 2100Mi free" in problem


def test_room_is_counted_with_the_surge_of_a_rollout():
    pi = make_node(memory=3000)
    off = {**NO_GATEWAYS, "cluster": {"nodes": 1}}
    (problem,) = problems(make_snapshot(nodes=(pi,)), istio={"resources": sized(1600)}, **off)
    assert "needs 200m CPU and 3200Mi with the surge" in problem


def test_a_running_mesh_is_asked_for_no_room_but_that_of_its_rollouts():
    found = finding(
        crowded(own("istiod", "pi-1", 2500), pi_1=2900, pi_2=2900), istio={"resources": sized(2500)}, **NO_GATEWAYS
    )
    assert (found.level, found.message) == (
        Level.OK,
        "the mesh and the surge of its rollouts, 100m CPU and 2500Mi, fit",
    )


def test_pods_that_run_where_another_order_would_not_fit_are_no_problem():
    # Placed anew, the largest first on the emptiest node, 600 and 400 would leave 100 and 200 for the 300.
    running = (
        own("istiod", "pi-2", 600),
        own("istio-ingressgateway", "pi-1", 400),
        own("istio-egressgateway", "pi-1", 300),
    )
    sizes = {
        "istio": {"resources": sized(600)},
        "ingress": {"resources": sized(400)},
        "egress": {"resources": sized(300)},
    }
    assert finding(crowded(*running, pi_1=700, pi_2=600), **sizes).level is Level.WARNING


def test_a_full_cluster_refuses_no_up_that_restarts_nothing():
    others = make_pod(memory=2900, node="pi-2")
    found = finding(
        crowded(own("istiod", "pi-1", 2500), others, pi_1=2900, pi_2=2900),
        istio={"resources": sized(2500)},
        **NO_GATEWAYS,
    )
    assert found.level is Level.WARNING
    assert found.message == (
        "the mesh fits, but not the surge of its rollouts, 100m CPU and 2500Mi: pi-1 has 3900m CPU and 400Mi free, "
        "pi-2 has 4 CPUs and 0Mi free"
    )


@pytest.mark.parametrize(
    ("running", "wanted"),
    [
        (own("istiod", "pi-1", 2500, "1.30.2"), 2500),
        (own("istiod", "pi-1", 2400), 2500),
        (own("istiod", "pi-1", 2600), 2500),
    ],
    ids=["another version", "more memory", "less memory"],
)
def test_a_full_cluster_refuses_an_up_that_restarts_what_has_no_room_to(running, wanted):
    others = make_pod(memory=2900, node="pi-2")
    found = finding(crowded(running, others, pi_1=2900, pi_2=2900), istio={"resources": sized(wanted)}, **NO_GATEWAYS)
    assert found.level is Level.ERROR
    assert "with the surge of its rollouts, which do not fit" in found.message


def test_a_step_back_from_1_31_10_to_1_31_1_restarts_istiod():
    running, others = own("istiod", "pi-1", 2500, "1.31.10"), make_pod(memory=2900, node="pi-2")
    wanted = {"istio": {"version": "1.31.1", "resources": sized(2500)}, **NO_GATEWAYS}
    assert finding(crowded(running, others, pi_1=2900, pi_2=2900), **wanted).level is Level.ERROR


def test_a_pod_on_a_dead_node_needs_another_place():
    dead = make_snapshot(
        nodes=(make_node("pi-1", memory=2900, ready=False), make_node("pi-2", memory=2000)),
        pods=(own("istiod", "pi-1", 2500),),
        **installed_mesh(),
    )
    found = finding(dead, istio={"resources": sized(2500)}, **NO_GATEWAYS)
    assert found.level is Level.ERROR
    assert found.message.startswith("the mesh needs 100m CPU and 2500Mi beside what it holds, which do not fit")


def test_a_pod_on_a_cordoned_node_stays_there():
    cordoned = make_snapshot(
        nodes=(make_node("pi-1", memory=2900, cordoned=True), make_node("pi-2", memory=2600)),
        pods=(own("istiod", "pi-1", 2500),),
        **installed_mesh(),
    )
    assert finding(cordoned, istio={"resources": sized(2500)}, **NO_GATEWAYS).level is Level.OK


def test_a_node_with_more_on_it_than_it_has_is_shown_without_room():
    pods = (make_pod("large", cpu=5000, memory=9000, node="pi-1"),)
    found = finding(make_snapshot(nodes=(make_node(memory=3000),), pods=pods), cluster={"nodes": 1})
    assert "pi-1 has 0 CPUs and 0Mi free" in found.message


def test_room_for_the_promised_pods_is_judged_beside_a_mesh_whose_surge_does_not_fit():
    snapshot = crowded(own("istiod", "pi-1", 2500), pi_1=2900, pi_2=2900)
    found = list(
        room_for_the_mesh.check_room(Observation(make_mesh(istio={"resources": sized(2500)}, **NO_GATEWAYS), snapshot))
    )
    assert (found[0].level, [one.id for one in found[1:]]) == (Level.OK, ["room for trading"])
    tight = crowded(own("istiod", "pi-1", 2500), pi_1=2900)
    found = list(
        room_for_the_mesh.check_room(Observation(make_mesh(istio={"resources": sized(2500)}, **NO_GATEWAYS), tight))
    )
    assert (found[0].level, [one.id for one in found[1:]]) == (Level.WARNING, ["room for trading"])


def test_less_than_nothing_is_free_as_nothing():
    assert room_for_the_mesh._positive(Resources(-5, -7)) == Resources(0, 0)
    assert room_for_the_mesh._positive(Resources(5, 7)) == Resources(5, 7)


def finding_of_promised_fit(snapshot: Snapshot, **trading: object) -> Finding:
    found = room_for_the_mesh.check_room(Observation(make_mesh(trading=trading), snapshot))
    return next(entry for entry in found if entry.id == room_for_the_mesh.TRADING)


def in_trading(count: int, memory: int = 256, cpu: int = 100) -> tuple:
    """Return running pods of the default size with their sidecars, except for overrides."""
    return tuple(make_pod(f"app-{number}", cpu, memory, namespace="trading") for number in range(count))


def test_a_promise_that_fits_is_said_with_its_number():
    found = finding_of_promised_fit(make_snapshot())
    assert str(found) == "trading.workloads: 30 pods with sidecars, which it promises, fit beside the mesh"
    assert (found.level, found.number) == (Level.OK, 30)


def test_a_promise_that_does_not_fit_is_a_warning_with_the_number_that_does():
    # 3 Pis of 2304Mi: three components and their surge take 2 x 128Mi on each, and 8 x 256Mi are left.
    found = finding_of_promised_fit(make_snapshot(nodes=make_pis(memory=2304)))
    assert (found.level, found.number) == (Level.WARNING, 24)
    assert str(found) == (
        "trading.workloads: promises 30 pods, each of 100m CPU and 256Mi with its sidecar, and 24 of them fit beside "
        "the mesh; lower trading.workloads or trading.workload, or add a node"
    )


def test_a_promise_alone_stops_no_up():
    assert problems(make_snapshot(nodes=make_pis(memory=2304))) == []


def test_pods_that_run_hold_their_part_of_the_promise():
    # All 24 that fit are there: six more are promised, and none of them fits.
    pods = tuple(make_pod(f"app-{n}", 100, 256, namespace="trading", node=f"pi-{n % 3 + 1}") for n in range(24))
    found = finding_of_promised_fit(make_snapshot(nodes=make_pis(memory=2304), pods=pods))
    assert "promises 6 more pods" in found.message
    assert "none of them fit" in found.message


def test_larger_pods_use_up_the_quota_with_fewer():
    # 30 x 256Mi less 7 x 1024Mi: the quota admits two more.
    found = finding_of_promised_fit(make_snapshot(pods=in_trading(7, memory=1024)))
    assert found.message.startswith("2 more pods with sidecars")


def test_pods_with_more_cpu_use_up_the_quota_with_fewer():
    # 30 x 100m less 7 x 400m: the quota admits two more.
    found = finding_of_promised_fit(make_snapshot(pods=in_trading(7, cpu=400)))
    assert found.message.startswith("2 more pods with sidecars")


def test_a_promise_that_is_kept_asks_for_nothing_more():
    found = finding_of_promised_fit(make_snapshot(pods=in_trading(3)), workloads=3)
    assert (found.level, found.message) == (Level.OK, "all promised pods run already")


def test_trading_may_use_nodes_of_another_architecture():
    pis = (*make_pis(memory=2304), make_node("amd", memory=2304, architecture="amd64"))
    assert finding_of_promised_fit(make_snapshot(nodes=pis)).level is Level.OK


def test_a_further_namespace_is_judged_on_what_trading_leaves():
    mesh = make_mesh(trading={"workloads": 20}, namespaces={"research": {"workloads": 10}})
    found = {
        one.name: one
        for one in room_for_the_mesh.check_room(Observation(mesh, make_snapshot(nodes=make_pis(memory=2304))))
    }
    assert (found["trading.workloads"].level, found["trading.workloads"].number) == (Level.OK, 20)
    research = found["namespaces.research.workloads"]
    assert (research.id, research.level, research.number) == (room_for_the_mesh.NAMESPACES, Level.WARNING, 4)
    assert research.fix == "lower namespaces.research.workloads or namespaces.research.workload, or add a node"


def test_pods_without_sidecars_are_not_said_to_have_them():
    mesh = make_mesh(namespaces={"batch": {"injection": False, "workloads": 2}})
    *_, found = room_for_the_mesh.check_room(Observation(mesh, make_snapshot()))
    assert found.message == "2 pods, which it promises, fit beside the mesh and the namespaces before it"


def test_small_pods_use_up_the_quota_by_their_number():
    found = finding_of_promised_fit(make_snapshot(pods=in_trading(3, memory=1, cpu=1)))
    assert found.message.startswith("27 more pods with sidecars")


def test_more_pods_than_were_promised_ask_for_nothing_more():
    found = finding_of_promised_fit(make_snapshot(pods=in_trading(4)), workloads=3)
    assert (found.message, found.number) == ("all promised pods run already", 0)


def test_pods_elsewhere_and_those_without_a_node_hold_no_part_of_the_promise():
    pods = (make_pod("elsewhere", 100, 256), make_pod("waiting", 100, 256, namespace="trading", node=""))
    assert finding_of_promised_fit(make_snapshot(pods=pods)).message.startswith("30 pods with sidecars")
