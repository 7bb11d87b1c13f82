"""The preflight's findings about a mesh that does not fit the nodes."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.preflight import fit
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.quantities import MI, Resources
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems
from tests.support.snapshots import installed_mesh, make_node, make_pis, make_pod, make_snapshot

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
    return next(iter(fit.check(make_mesh(**settings), snapshot)))


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
    found = list(fit.check(make_mesh(istio={"resources": sized(2500)}, **NO_GATEWAYS), snapshot))
    assert (found[0].level, [one.id for one in found[1:]]) == (Level.OK, ["room for trading"])
    tight = crowded(own("istiod", "pi-1", 2500), pi_1=2900)
    found = list(fit.check(make_mesh(istio={"resources": sized(2500)}, **NO_GATEWAYS), tight))
    assert (found[0].level, [one.id for one in found[1:]]) == (Level.WARNING, ["room for trading"])


def test_less_than_nothing_is_free_as_nothing():
    assert fit._positive(Resources(-5, -7)) == Resources(0, 0)
    assert fit._positive(Resources(5, 7)) == Resources(5, 7)
