"""What the preflight says of a mesh that does not fit the nodes."""

import pytest

from tests.support.preflight_problems import problems
from tests.support.snapshots import installed_mesh, make_node, make_pis, make_pod, make_snapshot, state_of


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
    assert problems(mesh, state_of(), istio={"resources": resources}) == []
