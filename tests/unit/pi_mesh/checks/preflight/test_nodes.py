"""What the preflight says about nodes: number, architecture, kernel, memory."""

import pytest

from pi_mesh.checks.finding import Finding, Level, errors
from pi_mesh.checks.preflight import run
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, installed_mesh, make_node, make_pis, make_pod, make_snapshot


def findings(snapshot, **settings) -> list[Finding]:
    return run(make_settings(**settings), snapshot, STACK)


def problems(snapshot, **settings) -> list[str]:
    return [str(finding) for finding in errors(findings(snapshot, **settings))]


def test_a_fit_cluster_has_no_problem():
    assert problems(make_snapshot()) == []


def test_two_nodes_where_three_are_asked_for_are_too_few():
    (problem,) = problems(make_snapshot(nodes=make_pis(2)))
    assert "2 of at least 3 nodes are Ready and schedulable: pi-1, pi-2" in problem


def test_the_number_of_ready_nodes_is_a_field_of_its_own():
    assert [f.number for f in findings(make_snapshot(nodes=make_pis(2))) if f.name == "cluster.nodes"] == [2]


def test_the_free_memory_of_a_node_is_a_field_of_its_own_in_bytes():
    found = errors(findings(make_snapshot(nodes=(*make_pis(2), make_node("pi-3", memory=300)))))
    assert [(f.kind, f.name, f.number) for f in found if f.id == "free memory"] == [("node", "pi-3", 300 * 2**20)]


@pytest.mark.parametrize(("state", "said"), [({"ready": False}, "is not Ready"), ({"cordoned": True}, "is cordoned")])
def test_a_node_that_takes_no_pods_is_named_and_does_not_count(state, said):
    nodes = (*make_pis(2), make_node("pi-3", **state))
    found = findings(make_snapshot(nodes=nodes))
    assert any(str(f.subject) == "node pi-3" and f.level is Level.WARNING and said in f.message for f in found)
    assert any("2 of at least 3" in f.message for f in errors(found))


def test_a_fourth_node_that_is_down_is_a_warning_only():
    assert problems(make_snapshot(nodes=(*make_pis(3), make_node("pi-4", ready=False)))) == []


@pytest.mark.row(23)
def test_a_32_bit_node_is_refused_by_name():
    nodes = (*make_pis(3), make_node("pi-4", architecture="arm"))
    (problem,) = problems(make_snapshot(nodes=nodes))
    assert problem.startswith("node pi-4: is arm: Istio has no images for it")


def test_nodes_of_another_architecture_only_leave_the_mesh_nowhere_to_run():
    found = problems(make_snapshot(nodes=make_pis(architecture="amd64")))
    assert any("no node that takes pods is arm64" in problem for problem in found)


@pytest.mark.row(23)
@pytest.mark.parametrize(
    ("kernel", "os_image"),
    [
        ("6.6.31+rpt-rpi-v8", "Debian GNU/Linux 12 (bookworm)"),
        ("6.12.25+rpt-rpi-2712", "Debian GNU/Linux 12 (bookworm)"),
        ("6.1.21-v8+", "Debian GNU/Linux 11 (bullseye)"),
    ],
)
def test_a_stock_raspberry_pi_kernel_is_refused_by_node_from_istio_1_22_on(kernel, os_image):
    nodes = (*make_pis(2), make_node("pi-3", kernel=kernel, os_image=os_image))
    (problem,) = problems(make_snapshot(nodes=nodes))
    assert problem.startswith(f"node pi-3: kernel {kernel}")
    assert "39-bit" in problem


def test_a_stock_raspberry_pi_kernel_runs_istio_1_20():
    snapshot = make_snapshot(nodes=make_pis(kernel="6.6.31+rpt-rpi-v8"), version="v1.29.4")
    assert problems(snapshot, istio={"version": "1.20.3"}) == []


@pytest.mark.parametrize("kernel", ["6.8.0-1010-raspi", "6.1.0-18-arm64", "6.12.9-300.fc41.aarch64"])
def test_kernels_of_other_distributions_are_no_problem(kernel):
    assert problems(make_snapshot(nodes=make_pis(kernel=kernel))) == []


def test_a_node_with_too_little_free_memory_is_named_with_both_numbers():
    busy = make_pod(memory=2000, node="pi-2")
    (problem,) = problems(make_snapshot(pods=(busy,)))
    assert problem.startswith("node pi-2: 1700Mi of 3700Mi memory are free, 2Gi needed")


def test_free_memory_is_not_asked_for_once_the_mesh_is_there():
    trading = make_pod(memory=2000, node="pi-2", namespace="trading")
    assert problems(make_snapshot(pods=(trading,), **installed_mesh())) == []


@pytest.mark.row(22)
def test_a_mesh_that_does_not_fit_is_refused_with_what_it_needs():
    nodes = make_pis(memory=2100)
    resources = {"requests": {"cpu": "100m", "memory": "3Gi"}, "limits": {"cpu": "500m", "memory": "3Gi"}}
    (problem,) = problems(make_snapshot(nodes=nodes), istio={"resources": resources})
    assert "do not fit" in problem
    assert "pi-1 has 4 / 2100Mi free" in problem


def test_room_is_counted_with_the_surge_of_a_rollout():
    pi = make_node(memory=3000)
    resources = {"requests": {"cpu": "100m", "memory": "1600Mi"}, "limits": {"cpu": "500m", "memory": "1600Mi"}}
    off = {"ingress": {"enabled": False}, "egress": {"enabled": False}, "cluster": {"nodes": 1}}
    (problem,) = problems(make_snapshot(nodes=(pi,)), istio={"resources": resources}, **off)
    assert "3200Mi with the surge" in problem


def test_what_our_own_mesh_holds_counts_as_free():
    istiod = make_pod(
        memory=2500, node="pi-1", namespace="istio-system", labels={"app": "istiod"}, name="istiod-7d9f-x"
    )
    nodes = make_pis(memory=2900)
    resources = {"requests": {"cpu": "100m", "memory": "2500Mi"}, "limits": {"cpu": "500m", "memory": "2500Mi"}}
    mesh = make_snapshot(nodes=nodes, pods=(istiod,), **installed_mesh())
    assert problems(mesh, istio={"resources": resources}) == []
