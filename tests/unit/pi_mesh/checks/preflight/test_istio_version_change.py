"""The preflight's findings about a change of Istio's version, and about stale proxies."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight.istio_version_change import GATEWAY_CHART, SKEW, STEP, check
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Container, Pod
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_snapshot
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR, SHIPPED, next_patch

OLD, OLDER = f"1.{NEWEST_MINOR - 2}.4", f"1.{NEWEST_MINOR - 3}.0"
PATCHED = next_patch(NEWEST)


def pod(version: str, number: int = 0) -> Pod:
    return Pod("trading", f"shop-{number}", containers=(Container("istio-proxy", image=f"istio/proxyv2:{version}"),))


def findings(running: str, version: str, *pods: Pod, ready: int = 1, **istio: object) -> dict[str, Finding]:
    """Return the findings for such a running istiod, by check; no istiod where its version is empty."""
    container = Container("discovery", image=f"docker.io/istio/pilot:{running}-distroless")
    istiod = Deployment("istio-system", "istiod", ready=ready, containers=(container,))
    snapshot = make_snapshot(deployments=(istiod,) if running else (), pods=pods)
    return {finding.id: finding for finding in check(observation(snapshot, istio={"version": version, **istio}))}


SKIP = {"allowSkip": True}
DOWN = {"ready": 0}
STEPS = {
    "a step back is refused": (BEFORE, OLD, {}, "error", f"goes back from {BEFORE} to {OLD}"),
    "a skip is refused": (OLD, NEWEST, {}, "error", f"goes from {OLD} to {NEWEST} in one step"),
    "a skip is a warning where the settings allow it": (OLD, NEWEST, SKIP, "warning", f"goes from {OLD} to {NEWEST}"),
    "the way back from an upgrade that failed is open": (NEWEST, BEFORE, DOWN, "warning", "goes back"),
    "a skip is no way back": (OLD, NEWEST, DOWN, "error", f"goes from {OLD} to {NEWEST} in one step"),
    "one step is fine": (BEFORE, NEWEST, {}, "ok", f"goes from {BEFORE} to {NEWEST}, a step that Istio supports"),
    "no step is fine": (NEWEST, NEWEST, {}, "ok", "is what runs"),
}


@pytest.mark.parametrize(("running", "version", "more", "level", "words"), STEPS.values(), ids=STEPS)
def test_a_change_is_a_step_that_istio_supports(running, version, more, level, words):
    finding = findings(running, version, **more)[STEP]
    assert (finding.level, finding.name) == (level, "istio.version")
    assert finding.message.startswith(words)
    assert ("istio.allowSkip" in finding.fix) is (level != "ok")


@pytest.mark.parametrize("running", ["", "latest"])
def test_a_first_install_and_an_istiod_of_unknown_version_are_not_judged(running):
    assert findings(running, NEWEST) == {}


BEHIND = f"trading/shop-0 is of {OLD}, more than one minor version older than istiod {NEWEST}"
REFRESH = "`python -m operations refresh -s STACK` restarts them"
SKEWS = {
    "proxies that an upgrade leaves two minor versions behind stop it":
        (BEFORE, NEWEST, (pod(OLD), pod(BEFORE, 1)), {}, "error", 1, BEHIND, f"{REFRESH}: before the `up`; "),
    "they are a warning where skips are allowed":
        (BEFORE, NEWEST, (pod(OLD),), SKIP, "warning", 1, BEHIND, REFRESH),
    "skew that is there already does not grow by a patch":
        (NEWEST, PATCHED, (pod(OLD), pod(OLDER, 1)), {}, "warning", 2, "trading/shop-0, trading/shop-1 are", REFRESH),
    "nor without a change":
        (PATCHED, PATCHED, (pod(OLD), pod(OLDER, 1)), {}, "warning", 2, "trading/shop-0, trading/shop-1 are", REFRESH),
    "proxies newer than a mesh that is installed anew are refused":
        ("", BEFORE, (pod(BEFORE), pod(NEWEST, 1)), {}, "error", 1,
         f"trading/shop-1 is of {NEWEST}, newer than istiod {BEFORE}", f"set istio.version to {NEWEST} or newer; "),
    "proxies one minor version behind may go with it":
        (BEFORE, NEWEST, (pod(BEFORE), pod(NEWEST, 1)), {}, "ok", 2, f"work with istiod {NEWEST}", ""),
    "three are named and the others counted":
        (BEFORE, NEWEST, tuple(pod(OLD, number) for number in range(4)), {}, "error", 4,
         f"trading/shop-0, trading/shop-1, trading/shop-2 and 1 more are of {OLD}", REFRESH),
}  # fmt: skip


@pytest.mark.parametrize(
    ("running", "version", "pods", "more", "level", "number", "words", "fix"), SKEWS.values(), ids=SKEWS
)
def test_no_proxy_may_be_too_far_from_its_istiod(running, version, pods, more, level, number, words, fix):
    finding = findings(running, version, *pods, **more)[SKEW]
    assert (finding.level, finding.number) == (level, number)
    assert finding.message.startswith(words)
    assert finding.fix.startswith(fix)


def test_a_proxy_of_a_second_control_plane_is_not_judged_by_the_first():
    assert SKEW not in findings(BEFORE, BEFORE, replace(pod(NEWEST), annotations={"istio.io/rev": "next"}))


def test_a_gateway_chart_of_another_version_is_told_in_one_line():
    message = findings(SHIPPED, "1.21.6")[GATEWAY_CHART].message
    assert message == "1.21.6 uses the gateway chart 1.20.7, because Helm refuses its own (istio/istio#57354)"
