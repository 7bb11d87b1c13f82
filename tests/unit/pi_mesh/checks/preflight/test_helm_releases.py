"""The preflight's findings about releases that are not deployed, or not in the state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight.helm_releases import check_known, check_stuck
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_snapshot, state_of

REPAIR = "when no other run is going on: `python -m operations repair -s STACK`"
WAIT = "wait: Helm may still be running for"
CALM = ("ok", "no release of this stack is stuck")


def stuck(status: str, age: timedelta | None = None) -> list[Finding]:
    """Return the findings about such a release, beside one of others."""
    since = datetime.now(UTC) - age if age is not None else None
    own = ReleaseRecord("istio-system", "istiod", status=status, since=since)
    foreign = ReleaseRecord("other", "istiod", status="pending-install")
    return [*check_stuck(observation(make_snapshot(releases=(own, foreign))))]


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
@pytest.mark.parametrize(("age", "fix"), [(901, REPAIR), (0, WAIT)], ids=["killed", "perhaps under way"])
def test_a_release_that_a_killed_run_left_is_refused_with_the_command_that_repairs(status, age, fix):
    (finding,) = stuck(status, timedelta(seconds=age))
    assert (finding.level, str(finding.subject)) == ("error", "release istio-system/istiod")
    assert finding.message.startswith(f"is {status}: another run is changing it, or a run was killed")
    assert finding.fix.startswith(fix)
    assert finding.fix.endswith(REPAIR)


@pytest.mark.parametrize(("status", "expected"), [("failed", [("warning", "is failed"), CALM]), ("deployed", [CALM])])
def test_a_failed_release_is_only_a_warning_since_up_heals_it(status, expected):
    assert [(finding.level, finding.message) for finding in stuck(status)] == expected


def unknown(release: ReleaseRecord | None, state: StackState, settings: dict) -> list[str]:
    found = check_known(observation(make_snapshot(releases=(release,) if release else ()), state, **settings))
    return [str(finding) for finding in found if finding.level == "error"]


ISTIOD, MESH, INGRESS = (ReleaseRecord("istio-system", name) for name in ("istiod", "mesh", "istio-ingressgateway"))
GONE, PENDING = (replace(ISTIOD, status=status) for status in ("uninstalled", "pending-install"))
RENAMED = {"releases": {"names": {"istiod": "mesh"}}}
KNOWN = {
    "one that the state knows": (ISTIOD, state_of(), {}),
    "one of which Helm kept the history alone": (GONE, NEVER_RUN, {}),
    "a pending one, which another check names": (PENDING, NEVER_RUN, {}),
    "one that the settings switch off": (INGRESS, NEVER_RUN, {"ingress": {"enabled": False}}),
    "one of another namespace": (INGRESS, NEVER_RUN, {"istio": {"namespace": "mesh"}}),
    "one under a name of the settings that the state knows": (MESH, state_of(releases=("mesh",)), RENAMED),
}


@pytest.mark.parametrize(("release", "state", "settings"), KNOWN.values(), ids=KNOWN)
def test_a_release_that_is_known_or_not_asked_for_is_no_problem(release, state, settings):
    assert unknown(release, state, settings) == []


UNKNOWN = "is installed, but not in the state of stack test, and Helm installs no name twice; "
IMPORT = (
    "import the state that installed it (`pulumi stack import`), or adopt it: `python -m operations adopt -s STACK`"
)
AFTER_KILL = "if a run was killed: `python -m operations repair -s STACK`; else "


@pytest.mark.parametrize(
    ("release", "state", "settings", "fix"),
    [
        (ISTIOD, NEVER_RUN, {}, IMPORT),
        (ISTIOD, StackState(has_provider=True), {}, AFTER_KILL + IMPORT),
        (MESH, NEVER_RUN, RENAMED, IMPORT),
    ],
    ids=["before an empty state", "after a run that may have been killed", "under a name of the settings"],
)
def test_a_living_release_that_the_state_does_not_know_is_refused_with_the_way_back(release, state, settings, fix):
    (problem,) = unknown(release, state, settings)
    assert problem.startswith(f"release {release.id}: {UNKNOWN}{fix}")


HELD = ("istio-base", "istiod")
OFF, ON = {"enabled": False}, {"enabled": True}
NAMES = {
    "a new name": ({"istiod": "mesh"}, OFF, HELD, "istiod: is mesh, and the state holds istiod"),
    "the former name": ({}, OFF, ("istio-base", "mesh"), "istiod: is istiod, and the state holds mesh"),
    "a gateway's":
        ({"ingress": "edge"}, ON, (*HELD, "istio-ingressgateway"), "ingress: is edge, and the state holds istio-"),
}  # fmt: skip


@pytest.mark.parametrize(("names", "ingress", "held", "words"), NAMES.values(), ids=NAMES)
def test_another_name_for_a_release_that_the_state_holds_is_refused_since_up_would_uninstall_it(
    names, ingress, held, words
):
    settings = {"releases": {"names": names}, "ingress": ingress, "egress": OFF}
    (problem,) = unknown(None, state_of(releases=held), settings)
    assert problem.startswith(f"releases.names.{words}")
    assert "would uninstall the running release" in problem


def test_switching_a_gateway_or_an_addon_off_renames_nothing():
    assert unknown(None, state_of(releases=(*HELD, "istio-egressgateway", "kiali")), {"egress": OFF}) == []
