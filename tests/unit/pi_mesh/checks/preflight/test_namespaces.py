"""The preflight's findings about namespaces that exist already."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import namespaces
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.names import ADOPTED_ANNOTATION
from tests.support.factories import make_mesh
from tests.support.preflight_problems import findings, problems
from tests.support.snapshots import installed_mesh, make_snapshot, owned_namespace, state_of

TRADING = owned_namespace("trading")
KUBERNETES = ["kube-system", "kube-public", "kube-node-lease", "default"]


def cluster(namespace: Namespace):
    return make_snapshot(namespaces=(namespace,))


@pytest.mark.parametrize("name", ["istio-system", "trading"])
def test_a_namespace_of_somebody_else_is_refused(name):
    (problem,) = problems(cluster(Namespace(name)))
    assert problem.startswith(f"namespace {name}: already exists and was not created by")
    assert "adopt: true" in problem


def test_a_namespace_of_another_stack_is_refused_by_that_stacks_name():
    (problem,) = problems(cluster(owned_namespace("trading", "staging")))
    assert "belongs to stack pi-mesh/staging" in problem


def test_a_namespace_is_taken_over_where_the_settings_say_so():
    assert problems(cluster(Namespace("trading")), trading={"adopt": True}) == []


def test_a_namespace_of_another_organizations_stack_of_the_same_name_is_refused():
    assert problems(cluster(owned_namespace("trading", "somebody-else/pi-mesh/test"))) != []


def test_a_stack_of_the_same_name_from_another_backend_is_refused_and_told_to_import_its_state():
    (problem,) = problems(cluster(TRADING), NEVER_RUN)
    assert "belongs to a stack pi-mesh/test with another state" in problem
    assert "pulumi stack import" in problem


def test_the_namespace_that_the_state_holds_is_ours_whatever_its_mark_says():
    moved = owned_namespace("trading", "its-name-before")
    unmarked = replace(TRADING, annotations={})
    assert (problems(cluster(moved), state_of()), problems(cluster(unmarked), state_of())) == ([], [])


def test_a_namespace_that_others_made_anew_is_refused_in_spite_of_the_same_mark():
    (problem,) = problems(cluster(replace(TRADING, uid="another")), state_of())
    assert "is not the one that this stack made" in problem
    assert "restored from a backup, run `pulumi refresh`; else set trading.adopt: true" in problem


def test_what_a_killed_run_of_this_state_made_without_a_record_is_ours():
    assert problems(cluster(TRADING), StackState(has_provider=True)) == []


def test_a_namespace_that_a_running_stack_moves_to_is_not_taken_for_a_killed_runs():
    assert problems(cluster(TRADING), state_of("istio-system", "shop")) != []


def test_a_namespace_without_our_mark_is_not_taken_for_a_killed_runs():
    assert problems(cluster(replace(TRADING, annotations={})), StackState(has_provider=True)) != []


def adopted(name: str = "trading") -> Namespace:
    return Namespace(name, annotations={ADOPTED_ANNOTATION: "pi-mesh/test"}, uid=f"uid-of-{name}")


@pytest.mark.parametrize("state", [NEVER_RUN, state_of()])
def test_dropping_adopt_while_the_mark_stands_is_refused_with_both_ways_out(state):
    (problem,) = problems(cluster(adopted()), state)
    assert "is marked as adopted by pi-mesh/test" in problem
    assert "set trading.adopt: true, or," in problem
    assert "`kubectl annotate namespace trading pi-mesh/adopted-by-`" in problem


def test_an_adopted_namespace_stays_adopted():
    assert problems(cluster(adopted()), state_of(), trading={"adopt": True}) == []


def test_a_namespace_that_a_stack_had_adopted_before_its_destroy_is_refused_to_the_next():
    # The state is empty after a destroy; a program before this one left its own mark on what it adopted.
    assert problems(cluster(TRADING), NEVER_RUN) != []


@pytest.mark.parametrize("section", ["trading", "istio"])
@pytest.mark.parametrize("namespace", KUBERNETES)
@pytest.mark.parametrize("adopt", [True, False])
def test_a_namespace_of_kubernetes_itself_is_refused(section, namespace, adopt):
    settings = {section: {"namespace": namespace, "adopt": adopt}}
    (problem,) = problems(cluster(Namespace(namespace)), **settings)
    assert f"set {section}.namespace to a namespace of its own" in problem
    assert "adopt: true" not in problem


@pytest.mark.parametrize("namespace", KUBERNETES)
def test_a_running_stack_that_adopted_one_of_them_is_warned_for_one_release(namespace):
    settings = {"namespace": namespace, "adopt": True}
    found = findings(cluster(Namespace(namespace, uid="x")), StackState("", {namespace: "x"}), trading=settings)
    (told,) = [finding for finding in found if finding.name == namespace]
    assert told.level is Level.WARNING
    assert "the next release of this program refuses it" in told.message


def test_a_further_namespace_of_kubernetes_is_told_to_go_from_the_list():
    (problem,) = problems(make_snapshot(), namespaces={"kube-system": {}})
    assert problem.endswith("remove namespaces.kube-system, and use a namespace of its own")


EDGE = {"ingress": {"namespace": "edge"}}
ONLY = "only a gateway that is not installed yet can have another namespace"


def installed_in(namespace: str) -> StackState:
    releases = frozenset({"istio-system/istiod", f"{namespace}/istio-ingressgateway"})
    return StackState(releases=releases, has_provider=True)


def found(state: StackState, **settings: object) -> list[Finding]:
    return [*namespaces.check_ingress(Observation(make_mesh(**settings), None, state))]


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
