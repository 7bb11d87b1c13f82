"""The preflight's findings about the pods that namespaces promise."""

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.preflight import fit, promised_fit
from pi_mesh.cluster.snapshot import Snapshot
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems
from tests.support.snapshots import make_node, make_pis, make_pod, make_snapshot


def finding(snapshot: Snapshot, **trading: object) -> Finding:
    found = fit.check(make_mesh(trading=trading), snapshot)
    return next(entry for entry in found if entry.id == promised_fit.ID)


def in_trading(count: int, memory: int = 256, cpu: int = 100) -> tuple:
    """Return running pods of the default size with their sidecars, except for overrides."""
    return tuple(make_pod(f"app-{number}", cpu, memory, namespace="trading") for number in range(count))


def test_a_promise_that_fits_is_said_with_its_number():
    found = finding(make_snapshot())
    assert str(found) == "trading.workloads: 30 pods with sidecars, which it promises, fit beside the mesh"
    assert (found.level, found.number) == (Level.OK, 30)


def test_a_promise_that_does_not_fit_is_a_warning_with_the_number_that_does():
    # 3 Pis of 2304Mi: three components and their surge take 2 x 128Mi on each, and 8 x 256Mi are left.
    found = finding(make_snapshot(nodes=make_pis(memory=2304)))
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
    found = finding(make_snapshot(nodes=make_pis(memory=2304), pods=pods))
    assert "promises 6 more pods" in found.message
    assert "none of them fit" in found.message


def test_larger_pods_use_up_the_quota_with_fewer():
    # 30 x 256Mi less 7 x 1024Mi: the quota admits two more.
    found = finding(make_snapshot(pods=in_trading(7, memory=1024)))
    assert found.message.startswith("2 more pods with sidecars")


def test_pods_with_more_cpu_use_up_the_quota_with_fewer():
    # 30 x 100m less 7 x 400m: the quota admits two more.
    found = finding(make_snapshot(pods=in_trading(7, cpu=400)))
    assert found.message.startswith("2 more pods with sidecars")


def test_a_promise_that_is_kept_asks_for_nothing_more():
    found = finding(make_snapshot(pods=in_trading(3)), workloads=3)
    assert (found.level, found.message) == (Level.OK, "all promised pods run already")


def test_trading_may_use_nodes_of_another_architecture():
    pis = (*make_pis(memory=2304), make_node("amd", memory=2304, architecture="amd64"))
    assert finding(make_snapshot(nodes=pis)).level is Level.OK


def test_a_further_namespace_is_judged_on_what_trading_leaves():
    mesh = make_mesh(trading={"workloads": 20}, namespaces={"research": {"workloads": 10}})
    found = {one.name: one for one in fit.check(mesh, make_snapshot(nodes=make_pis(memory=2304)))}
    assert (found["trading.workloads"].level, found["trading.workloads"].number) == (Level.OK, 20)
    research = found["namespaces.research.workloads"]
    assert (research.id, research.level, research.number) == (promised_fit.FURTHER, Level.WARNING, 4)
    assert research.fix == "lower namespaces.research.workloads or namespaces.research.workload, or add a node"


def test_pods_without_sidecars_are_not_said_to_have_them():
    mesh = make_mesh(namespaces={"batch": {"injection": False, "workloads": 2}})
    *_, found = fit.check(mesh, make_snapshot())
    assert found.message == "2 pods, which it promises, fit beside the mesh and the namespaces before it"


def test_small_pods_use_up_the_quota_by_their_number():
    found = finding(make_snapshot(pods=in_trading(3, memory=1, cpu=1)))
    assert found.message.startswith("27 more pods with sidecars")


def test_more_pods_than_were_promised_ask_for_nothing_more():
    found = finding(make_snapshot(pods=in_trading(4)), workloads=3)
    assert (found.message, found.number) == ("all promised pods run already", 0)


def test_pods_elsewhere_and_those_without_a_node_hold_no_part_of_the_promise():
    pods = (make_pod("elsewhere", 100, 256), make_pod("waiting", 100, 256, namespace="trading", node=""))
    assert finding(make_snapshot(pods=pods)).message.startswith("30 pods with sidecars")
