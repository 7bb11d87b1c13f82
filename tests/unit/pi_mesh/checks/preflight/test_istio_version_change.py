"""The preflight's findings about a change of Istio's version, and about stale proxies."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight.istio_version_change import GATEWAY_CHART, SKEW, STEP, check
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Container, Pod
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_snapshot
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR, SHIPPED, next_patch

OLD, OLDER, PATCHED = f"1.{NEWEST_MINOR - 2}.4", f"1.{NEWEST_MINOR - 3}.0", next_patch(NEWEST)
SKIP, DOWN, ANYWAY = {"allowSkip": True}, {"ready": 0}, "…; `istio.allowSkip: true`"
SKIPS = f"istio.version: goes from {OLD} to {NEWEST} in one step: …{ANYWAY}"
STALE = f"more than one minor version older than istiod {NEWEST}; `python -m operations refresh -s STACK` restarts them"
BEHIND = f"proxys: trading/shop-0 is of {OLD}, {STALE}"
BOTH_BEHIND = "warning proxys: trading/shop-0, trading/shop-1 are of …operations refresh…[2]"


def proxies(*versions: str) -> tuple[Pod, ...]:
    images = (Container("istio-proxy", image=f"istio/proxyv2:{version}") for version in versions)
    return tuple(Pod("trading", f"shop-{number}", containers=(image,)) for number, image in enumerate(images))


def told(id: str, running: str, version: str, *pods: Pod, ready: int = 1, **istio: object) -> list[Finding]:
    """Return the findings for such a running istiod; no istiod where its version is empty."""
    container = Container("discovery", image=f"docker.io/istio/pilot:{running}-distroless")
    istiod = Deployment("istio-system", "istiod", ready=ready, containers=(container,))
    snapshot = make_snapshot(deployments=(istiod,) if running else (), pods=pods)
    findings = check(observation(snapshot, istio={"version": version, **istio}))
    return [finding for finding in findings if finding.id == id]


@table(
    case("a step back is refused", BEFORE, OLD, {}, f"error istio.version: goes back from {BEFORE} to {OLD}{ANYWAY}"),
    case("a skip is refused", OLD, NEWEST, {}, f"error {SKIPS}"),
    case("a skip is a warning where the settings allow it", OLD, NEWEST, SKIP, f"warning {SKIPS}"),
    case("the way back from an upgrade that failed is open", NEWEST, BEFORE, DOWN, "warning istio.version: goes back"),
    case("a skip is no way back", OLD, NEWEST, DOWN, f"error {SKIPS}"),
    case("one step is fine", BEFORE, NEWEST, {}, f"ok istio.version: goes from {BEFORE} to {NEWEST}, a step that"),
    case("no step is fine", NEWEST, NEWEST, {}, "ok istio.version: is what runs"),
)
def test_a_change_is_a_step_that_istio_supports(running, version, more, line):
    assert_told(told(STEP, running, version, **more), line)


@pytest.mark.parametrize("running", ["", "latest"])
def test_a_first_install_and_an_istiod_of_unknown_version_are_not_judged(running):
    assert told(STEP, running, NEWEST) == []


@table(
    case("proxies that an upgrade leaves two minor versions behind stop it", BEFORE, NEWEST, (OLD, BEFORE), {},
        f"error {BEHIND}: before the `up`; …[1]"),
    case("they are a warning where skips are allowed", BEFORE, NEWEST, (OLD,), SKIP, f"warning {BEHIND} [1]"),
    case("skew that is there already does not grow by a patch", NEWEST, PATCHED, (OLD, OLDER), {}, BOTH_BEHIND),
    case("nor without a change", PATCHED, PATCHED, (OLD, OLDER), {}, BOTH_BEHIND),
    case("proxies newer than a mesh that is installed anew are refused", "", BEFORE, (BEFORE, NEWEST), {},
        f"error …trading/shop-1 is of {NEWEST}, newer than istiod {BEFORE}; set istio.version to {NEWEST} or newer"),
    case("proxies one minor version behind may go with it", BEFORE, NEWEST, (BEFORE, NEWEST), {}, "ok proxys: …[2]"),
    case("three are named", BEFORE, NEWEST, 3 * (OLD,), {}, f"error …, trading/shop-1, trading/shop-2 are of {OLD}, "),
    case("the others are counted", BEFORE, NEWEST, 4 * (OLD,), {}, "error …, trading/shop-2 and 1 more are of …[4]"),
)  # fmt: skip
def test_no_proxy_may_be_too_far_from_its_istiod(running, version, versions, more, line):
    assert_told(told(SKEW, running, version, *proxies(*versions), **more), line)


def test_a_proxy_of_a_second_control_plane_is_not_judged_by_the_first():
    (pod,) = proxies(NEWEST)
    assert told(SKEW, BEFORE, BEFORE, replace(pod, annotations={"istio.io/rev": "next"})) == []


def test_a_gateway_chart_of_another_version_is_told_in_one_line():
    line = "ok istio.version: 1.21.6 uses the gateway chart 1.20.7, because Helm refuses its own (istio/istio#57354)"
    assert_told(told(GATEWAY_CHART, SHIPPED, "1.21.6"), line)
