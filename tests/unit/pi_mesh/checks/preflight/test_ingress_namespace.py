"""The refusal to move an installed ingress gateway to another namespace."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.preflight import ingress_namespace
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.release_records import ReleaseRecord
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems
from tests.support.snapshots import installed_mesh, make_snapshot, state_of

EDGE = {"ingress": {"namespace": "edge"}}
ONLY = "only a gateway that is not installed yet can have another namespace"


def installed_in(namespace: str) -> StackState:
    releases = frozenset({"istio-system/istiod", f"{namespace}/istio-ingressgateway"})
    return StackState(releases=releases, has_provider=True)


def found(state: StackState, **settings: object) -> list[Finding]:
    return [*ingress_namespace.check(make_mesh(**settings), None, state)]


@pytest.mark.parametrize(
    ("installed", "settings", "line"),
    [
        (
            "istio-system",
            EDGE,
            "ingress.namespace: asks for the ingress gateway in edge, and it is installed in istio-system, where an "
            f"`up` would uninstall it with its address; remove it; {ONLY}",
        ),
        (
            "edge",
            {},
            "ingress.namespace: asks for the ingress gateway in istio-system, and it is installed in edge, where an "
            f"`up` would uninstall it with its address; set it to edge; {ONLY}",
        ),
    ],
)
def test_a_running_gateway_is_not_moved(installed, settings, line):
    (finding,) = found(installed_in(installed), **settings)
    assert (finding.level, str(finding)) == (Level.ERROR, line)


@pytest.mark.parametrize(("installed", "settings"), [("edge", EDGE), ("istio-system", {})])
def test_a_gateway_that_stays_is_no_problem(installed, settings):
    (finding,) = found(installed_in(installed), **settings)
    assert finding.level is Level.OK


def test_a_stack_that_never_ran_may_choose():
    assert found(NEVER_RUN, **EDGE) == []


def test_a_gateway_that_was_off_may_choose():
    (finding,) = found(state_of(), **EDGE)
    assert finding.level is Level.OK


def test_a_gateway_that_is_switched_off_is_not_moved():
    assert found(installed_in("istio-system"), ingress={"enabled": False, "namespace": "edge"}) == []


def test_a_move_of_the_whole_control_plane_is_another_matter():
    assert found(installed_in("istio-system"), istio={"namespace": "mesh-system"}) == []


def test_a_gateway_beside_istiod_that_the_state_does_not_know_counts_too():
    cluster = make_snapshot(**installed_mesh() | {"releases": (ReleaseRecord("istio-system", "istio-ingressgateway"),)})
    assert any("and it is installed in istio-system" in line for line in problems(cluster, state_of(), **EDGE))


def test_a_namespace_of_others_is_not_taken_for_the_gateway():
    (problem,) = problems(make_snapshot(namespaces=(Namespace("edge", {}, {}, "uid"),)), **EDGE)
    assert problem.startswith("namespace edge: already exists and was not created by a stack of this program")
    assert problem.endswith("set ingress.namespace to one that is not there yet")
