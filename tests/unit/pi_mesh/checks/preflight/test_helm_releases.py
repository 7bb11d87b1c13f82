"""The preflight's findings about releases that are not deployed, or not in the state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pi_mesh.checks.preflight.helm_releases import check_known, check_stuck
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_snapshot, state_of

ISTIOD, MESH, INGRESS = (ReleaseRecord("istio-system", name) for name in ("istiod", "mesh", "istio-ingressgateway"))
FOREIGN = ReleaseRecord("other", "istiod", status="pending-install")
CALM = "ok cluster: no release of this stack is stuck"
HELD, OFF, RENAMED = ("istio-base", "istiod"), {"enabled": False}, {"releases": {"names": {"istiod": "mesh"}}}
NO_GATEWAYS = {"ingress": OFF, "egress": OFF}
EDGE = {"releases": {"names": {"ingress": "edge"}}, "egress": OFF}
KNOWN = "ok cluster: has no release of this mesh that the state does not know"
UNKNOWN = "error release istio-system/{}: is installed, but not in the state of stack test, and Helm installs no name "
IMPORT = "import the state that installed it (`pulumi stack import`), or adopt it: `python -m operations adopt"
UNINSTALLS = "would uninstall the running release; "


def with_status(status: str, age: int = 901) -> ReleaseRecord:
    return replace(ISTIOD, status=status, since=datetime.now(UTC) - timedelta(seconds=age))


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
@pytest.mark.parametrize(("age", "wait"), [(901, ""), (0, "wait: Helm may still be running for …; ")])
def test_a_release_that_a_killed_run_left_is_refused_with_the_command_that_repairs(status, age, wait):
    line = f"error release istio-system/istiod: is {status}: another run is changing it, or a run was killed; {wait}"
    told = check_stuck(observation(make_snapshot(releases=(with_status(status, age), FOREIGN))))
    assert_told(told, f"{line}when no other run is going on: `python -m operations repair -s STACK`")


@table(("failed", ["warning release istio-system/istiod: is failed; this `pulumi up`", CALM]), ("deployed", [CALM]))
def test_a_failed_release_is_only_a_warning_since_up_heals_it(status, lines):
    assert_told(check_stuck(observation(make_snapshot(releases=(with_status(status), FOREIGN)))), *lines)


@table(
    case("one that the state knows", ISTIOD, state_of(), {}, KNOWN),
    case("one of which Helm kept the history alone", with_status("uninstalled"), NEVER_RUN, {}, KNOWN),
    case("a pending one, which another check names", with_status("pending-install"), NEVER_RUN, {}, KNOWN),
    case("one that the settings switch off", INGRESS, NEVER_RUN, NO_GATEWAYS, KNOWN),
    case("one of another namespace", INGRESS, NEVER_RUN, {"istio": {"namespace": "mesh"}}, KNOWN),
    case("one under a name of the settings that the state knows", MESH, state_of(releases=("mesh",)), RENAMED, KNOWN),
    case("one before an empty state", ISTIOD, NEVER_RUN, {}, f"{UNKNOWN.format('istiod')}twice; {IMPORT}"),
    case("one after a run that may have been killed", ISTIOD, StackState(has_provider=True), {},
        f"{UNKNOWN.format('istiod')}twice; if a run was killed: `python -m operations repair -s STACK`; else {IMPORT}"),
    case("one under a name of the settings", MESH, NEVER_RUN, RENAMED, f"{UNKNOWN.format('mesh')}twice; {IMPORT}"),
    case("a new name for one in the state", None, state_of(releases=HELD), {**RENAMED, **NO_GATEWAYS},
        f"error releases.names.istiod: is mesh, and the state holds istiod: `up` {UNINSTALLS}"),
    case("the former name for one in the state", None, state_of(releases=("istio-base", "mesh")), NO_GATEWAYS,
        f"error releases.names.istiod: is istiod, and the state holds mesh: `up` {UNINSTALLS}"),
    case("a new name for a gateway", None, state_of(releases=(*HELD, "istio-ingressgateway")), EDGE,
        f"error releases.names.ingress: is edge, and the state holds istio-ingressgateway: `up` {UNINSTALLS}"),
    case("a gateway and an addon that are switched off", None,
        state_of(releases=(*HELD, "istio-egressgateway", "kiali")), {"egress": OFF}, KNOWN),
)  # fmt: skip
def test_releases_must_be_in_the_state_under_their_names(release, state, settings, line):
    snapshot = make_snapshot(releases=(release,) if release else ())
    assert_told(check_known(observation(snapshot, state, **settings)), line)
