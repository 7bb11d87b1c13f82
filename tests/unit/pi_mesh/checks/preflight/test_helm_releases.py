"""The preflight's findings about releases that are not deployed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import helm_releases
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems
from tests.support.snapshots import installed_mesh, make_snapshot, state_of


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_a_release_that_a_killed_run_left_is_refused_with_the_command_that_repairs(status):
    stuck = ReleaseRecord("istio-system", "istiod", status=status)
    (problem,) = problems(make_snapshot(releases=(stuck,)))
    assert problem.startswith(f"release istio-system/istiod: is {status}")
    assert "python -m operations repair" in problem


def test_a_release_that_may_still_be_under_way_is_waited_for():
    begun = ReleaseRecord("istio-system", "istiod", status="pending-upgrade", since=datetime.now(UTC))
    (problem,) = problems(make_snapshot(releases=(begun,)))
    assert "wait: Helm may still be running for" in problem
    old = replace(begun, since=datetime.now(UTC) - timedelta(seconds=901))
    (problem,) = problems(make_snapshot(releases=(old,)))
    assert "wait" not in problem


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("failed", [(Level.WARNING, "is failed"), (Level.OK, "no release of this stack is stuck")]),
        ("deployed", [(Level.OK, "no release of this stack is stuck")]),
    ],
)
def test_a_failed_release_is_only_a_warning_since_up_heals_it(status, expected):
    release = ReleaseRecord("istio-system", "istiod", status=status)
    found = helm_releases.check_stuck(Observation(make_mesh(), make_snapshot(releases=(release,))))
    assert [(finding.level, finding.message) for finding in found] == expected


ISTIOD = make_snapshot(releases=(ReleaseRecord("istio-system", "istiod"),))


def test_an_empty_state_before_our_living_releases_is_refused_with_the_way_back():
    found = problems(make_snapshot(**installed_mesh()), NEVER_RUN)
    lines = [line for line in found if line.startswith("release ")]
    assert [line.partition(":")[0] for line in lines] == [
        "release istio-system/istio-base",
        "release istio-system/istiod",
    ]
    assert all("pulumi stack import" in line and "adopt it" in line for line in lines)


def test_after_a_killed_run_the_repair_is_named_first():
    (problem,) = problems(ISTIOD, StackState(has_provider=True))
    assert "if a run was killed: `python -m operations repair -s STACK`; else import the state" in problem


def test_without_a_run_no_repair_is_named():
    (problem,) = problems(ISTIOD, NEVER_RUN)
    assert "repair" not in problem


def test_a_release_that_the_state_knows_is_no_problem():
    assert problems(ISTIOD, state_of()) == []


def test_a_release_of_which_helm_kept_the_history_alone_is_no_problem():
    gone = ReleaseRecord("istio-system", "istiod", status="uninstalled")
    assert problems(make_snapshot(releases=(gone,)), NEVER_RUN) == []


@pytest.mark.parametrize("settings", [{"ingress": {"enabled": False}}, {"istio": {"namespace": "mesh"}}])
def test_a_release_that_the_settings_do_not_ask_for_is_not_looked_at(settings):
    others = make_snapshot(releases=(ReleaseRecord("istio-system", "istio-ingressgateway"),))
    assert problems(others, NEVER_RUN, **settings) == []


def test_the_command_that_adopts_it_is_named():
    (problem,) = problems(ISTIOD, NEVER_RUN)
    assert "adopt it: `python -m operations adopt -s STACK`" in problem


def test_a_release_under_a_name_of_the_settings_is_no_problem_once_the_state_knows_it():
    mesh = make_snapshot(releases=(ReleaseRecord("istio-system", "mesh"),))
    settings = {"releases": {"names": {"istiod": "mesh"}}}
    (problem,) = problems(mesh, NEVER_RUN, **settings)
    assert problem.startswith("release istio-system/mesh: is installed, but not in the state")
    assert problems(mesh, state_of(releases=("mesh",)), **settings) == []


@pytest.mark.parametrize(
    ("names", "held", "key"),
    [
        ({"istiod": "mesh"}, ("istio-base", "istiod"), "istiod"),
        ({}, ("istio-base", "mesh"), "istiod"),
        ({"ingress": "edge"}, ("istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"), "ingress"),
    ],
)
def test_another_name_for_a_release_that_the_state_holds_is_refused_since_up_would_uninstall_it(names, held, key):
    settings = {"releases": {"names": names}, "egress": {"enabled": False}, "ingress": {"enabled": key == "ingress"}}
    (problem,) = problems(make_snapshot(), state_of(releases=held), **settings)
    assert problem.startswith(f"releases.names.{key}: is ")
    assert "would uninstall the running release" in problem


def test_switching_a_gateway_or_an_addon_off_renames_nothing():
    held = ("istio-base", "istiod", "istio-egressgateway", "kiali")
    assert problems(make_snapshot(), state_of(releases=held), egress={"enabled": False}) == []
