"""The preflight's findings about a whole cluster."""

from pi_mesh.cluster.objects import Namespace
from tests.support.preflight_problems import problems
from tests.support.snapshots import installed_mesh, make_node, make_snapshot, state_of


def test_our_own_running_mesh_is_no_problem():
    assert problems(make_snapshot(**installed_mesh()), state_of()) == []


def test_every_problem_is_in_one_report():
    snapshot = make_snapshot(
        version="v1.28.0", nodes=(make_node(architecture="arm"),), namespaces=(Namespace("trading"),)
    )
    assert len(problems(snapshot)) >= 5
