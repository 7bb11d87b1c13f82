"""The preflight's findings about free memory, and about room for the mesh, its rollouts and the promised pods."""

import pytest

from pi_mesh.checks.preflight.room_for_the_mesh import NAMESPACES, TRADING, check_free_memory, check_room
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import MI, Resources
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import installed_mesh, make_node, make_pis, make_pod, make_snapshot
from tests.support.versions import BEFORE, NEWEST, next_patch

VERSION = next_patch(NEWEST)
OFF = {"ingress": {"enabled": False}, "egress": {"enabled": False}}
# 3 Pis of 2304Mi: three components and their surge take 2 x 128Mi on each, and 8 x 256Mi are left.
SMALL = make_pis(memory=2304)
FULL = tuple(make_pod(f"app-{n}", 100, 256, namespace="trading", node=f"pi-{n % 3 + 1}") for n in range(24))
AMD = make_node("amd", memory=2304, architecture="amd64")
KEY, EACH = "trading.workloads", "each of 100m CPU and 256Mi with its sidecar"
ALL = f"ok {KEY}: 30 pods with sidecars, which it promises, fit beside the mesh [30]"
KEPT = f"ok {KEY}: all promised pods run already [0]"
LOWER = f"lower {KEY} or trading.workload, or add a node"


@table(
    (1652, {}, "ok nodes: at least 2Gi of memory are free on each"),
    (1653, {}, f"error node pi-2: 2047Mi of 3700Mi memory are free, 2Gi needed; …[{2047 * MI}]"),
    (2000, installed_mesh(), "ok cluster.freeMemory: the mesh is installed already"),
)
def test_each_node_needs_the_free_memory_before_a_first_install(taken, installed, line):
    pods = (make_pod(memory=taken, node="pi-2", namespace="trading"),)
    assert_told(check_free_memory(observation(make_snapshot(pods=pods, **installed))), line)


def sized(memory: int) -> dict[str, object]:
    """Return the resources of a component with so many Mi."""
    return {"resources": {half: {"cpu": "100m", "memory": f"{memory}Mi"} for half in ("requests", "limits")}}


def own(memory: int, version: str = VERSION, name: str = "istiod", node: str = "pi-1") -> Pod:
    """Return a running pod of istiod or a gateway, as its chart makes it."""
    container = Container(name, Resources(100, memory * MI), image=f"docker.io/istio/{name}:{version}")
    return Pod("istio-system", f"{name}-0", {"app": name}, node, containers=(container,))


def pis(first: int, *others: int, **of_first: bool) -> tuple[Node, ...]:
    """Return nodes with so many Mi, and a state of the first."""
    more = (make_node(f"pi-{number}", memory=memory) for number, memory in enumerate(others, 2))
    return (make_node(memory=first, **of_first), *more)


@pytest.mark.row(22)
def test_a_first_install_needs_room_for_the_surge_of_its_rollouts():
    told, *_ = check_room(observation(make_snapshot(nodes=pis(3000)), istio=sized(1600), **OFF))
    line = "the mesh needs 200m CPU and 3200Mi with the surge …do not fit: pi-1 has 4 CPUs and 3000Mi free; "
    assert_told([told], f"error nodes: {line}")


ISTIOD, OTHERS, TWO = own(2500), make_pod(memory=2900, node="pi-2"), pis(2900, 2900)
SURGE = "error nodes: the mesh needs …with the surge of its rollouts, which do not fit"
NO_SURGE = "warning nodes: the mesh fits, but not the surge of its rollouts, 100m CPU and 2500Mi: pi-1 has 3900m CPU "
NO_PLACE = "error nodes: the mesh needs 100m CPU and 2500Mi beside what it holds, which do not fit"


@table(
    case("a running mesh is asked for no room but that of its rollouts", (ISTIOD,), TWO,
        "ok nodes: the mesh and the surge of its rollouts, 100m CPU and 2500Mi, fit"),
    case("a full cluster refuses nothing that restarts no pod", (ISTIOD, OTHERS), TWO,
        f"{NO_SURGE}and 400Mi free, pi-2 has 4 CPUs and 0Mi free"),
    case("the only node refuses nothing that restarts no pod", (ISTIOD,), pis(2900), f"{NO_SURGE}and 400Mi free"),
    case("another version needs the surge", (own(2500, BEFORE), OTHERS), TWO, SURGE),
    case("a step back from patch 10 to patch 1 needs the surge", (own(2500, f"{VERSION}0"), OTHERS), TWO, SURGE),
    case("more memory needs the surge", (own(2400), OTHERS), TWO, SURGE),
    case("less memory needs the surge", (own(2600), OTHERS), TWO, SURGE),
    case("a pod on a dead node needs another place", (ISTIOD,), pis(2900, 2000, ready=False), NO_PLACE),
    case("a pod on a cordoned node stays there", (ISTIOD,), pis(2900, 2600, cordoned=True), "ok nodes: "),
)  # fmt: skip
def test_a_running_istiod_needs_room_for_what_an_up_replaces(pods, nodes, line):
    snapshot = make_snapshot(nodes=nodes, pods=pods, **installed_mesh())
    of_mesh, *promises = check_room(observation(snapshot, istio={"version": VERSION, **sized(2500)}, **OFF))
    assert_told([of_mesh], line)
    # Promised pods are judged wherever the pods of the mesh fit, with their surge or without it.
    assert [finding.id for finding in promises] == ([] if line is NO_PLACE else [TRADING])


def test_pods_that_run_where_another_order_would_not_fit_are_no_problem():
    # Placed anew, the largest first on the emptiest node, 600 and 400 would leave 100 and 200 for the 300.
    gateways = (own(400, NEWEST, "istio-ingressgateway"), own(300, NEWEST, "istio-egressgateway"))
    snapshot = make_snapshot(nodes=pis(700, 600), pods=(own(600, NEWEST, node="pi-2"), *gateways), **installed_mesh())
    told, *_ = check_room(observation(snapshot, istio=sized(600), ingress=sized(400), egress=sized(300)))
    assert told.level == "warning"


def test_a_node_with_more_on_it_than_it_has_is_shown_without_room():
    snapshot = make_snapshot(nodes=pis(3000), pods=(make_pod("large", cpu=5000, memory=9000),))
    assert_told(check_room(observation(snapshot)), "error nodes: …pi-1 has 0 CPUs and 0Mi free")


def in_trading(count: int, memory: int = 256, cpu: int = 100, **more: object) -> dict[str, tuple]:
    """Return running pods of the default size with their sidecars, except for overrides."""
    names = (f"app-{number}" for number in range(count))
    return {"pods": tuple(make_pod(name, cpu, memory, **{"namespace": "trading", **more}) for name in names)}


@table(
    case("one that fits", {}, 30, ALL),
    case("one that does not", {"nodes": SMALL}, 30,
        f"warning {KEY}: promises 30 pods, {EACH}, and 24 of them fit beside the mesh; {LOWER} [24]"),
    case("pods that run hold their part, and none of six more fits", {"nodes": SMALL, "pods": FULL}, 30,
        f"warning {KEY}: promises 6 more pods, {EACH}, and none of them fit beside the mesh; {LOWER} [0]"),
    case("larger pods use up the quota with fewer", in_trading(7, memory=1024), 30, f"ok {KEY}: 2 more pods with…[2]"),
    case("so do pods with more CPU", in_trading(7, cpu=400), 30, f"ok {KEY}: 2 more pods with sidecars…[2]"),
    case("small pods use it up by number", in_trading(3, memory=1, cpu=1), 30, f"ok {KEY}: 27 more pods with…[27]"),
    case("one that is kept asks for no more", in_trading(3), 3, KEPT),
    case("nor do more pods than were promised", in_trading(4), 3, KEPT),
    case("nodes of another architecture may hold them", {"nodes": (*SMALL, AMD)}, 30, ALL),
    case("pods elsewhere hold no part", in_trading(1, namespace="default"), 30, ALL),
    case("pods without a node hold no part", in_trading(1, node=""), 30, ALL),
)  # fmt: skip
def test_the_promise_of_trading_is_compared_with_the_room_beside_the_mesh(cluster, workloads, line):
    _, promise = check_room(observation(make_snapshot(**cluster), trading={"workloads": workloads}))
    assert promise.id == TRADING
    assert_told([promise], line)


def test_a_further_namespace_is_judged_on_what_trading_leaves():
    further = {"trading": {"workloads": 20}, "namespaces": {"research": {"workloads": 10}}}
    told = [*check_room(observation(make_snapshot(nodes=SMALL), **further))]
    assert told[2].id == NAMESPACES
    research = "warning namespaces.research.workloads: promises 10 pods, …; lower namespaces.research.workloads or …[4]"
    assert_told(told, "ok nodes", f"ok {KEY}: 20 pods…[20]", research)


def test_pods_without_sidecars_are_not_said_to_have_them():
    batch = {"batch": {"injection": False, "workloads": 2}}
    line = "ok namespaces.batch.workloads: 2 pods, which it promises, fit beside the mesh and the namespaces before it"
    assert_told(check_room(observation(make_snapshot(), namespaces=batch)), "ok nodes", "ok trading.workloads", line)
