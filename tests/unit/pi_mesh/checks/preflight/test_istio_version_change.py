"""The preflight's findings about a change of Istio's version, and about stale proxies."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import istio_version_change
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.proxies import Proxy
from tests.support.factories import make_mesh
from tests.support.snapshots import make_snapshot


def istiod(version: str, ready: int = 1) -> Deployment:
    image = f"docker.io/istio/pilot:{version}-distroless"
    return Deployment("istio-system", "istiod", ready=ready, containers=(Container("discovery", image=image),))


def pods(*versions: str) -> tuple[Pod, ...]:
    return tuple(
        Pod("trading", f"shop-{number}", containers=(Container("istio-proxy", image=f"istio/proxyv2:{version}"),))
        for number, version in enumerate(versions)
    )


def findings(running: str, wanted: str, *proxies: str, ready: int = 1, **istio: object) -> dict[str, Finding]:
    """Return the findings for such a running istiod, by check; no istiod where its version is empty."""
    deployments = (istiod(running, ready),) if running else ()
    snapshot = make_snapshot(deployments=deployments, pods=pods(*proxies))
    mesh = make_mesh(istio={"version": wanted, **istio})
    return {finding.id: finding for finding in istio_version_change.check(Observation(mesh, snapshot))}


@pytest.mark.parametrize("wanted", ["1.28.0", "1.30.9", "1.31.0"])
def test_a_change_that_istio_does_not_support_is_refused_with_the_path(wanted):
    finding = findings("1.29.4" if wanted != "1.30.9" else "1.31.0", wanted)[istio_version_change.STEP]
    assert (finding.level, finding.name) == (Level.ERROR, "istio.version")
    assert "istio.allowSkip" in finding.fix


def test_allow_skip_makes_it_a_warning():
    assert findings("1.29.4", "1.31.0", allowSkip=True)[istio_version_change.STEP].level is Level.WARNING


def test_the_way_back_from_an_upgrade_that_failed_is_open():
    assert findings("1.31.0", "1.30.0", ready=0)[istio_version_change.STEP].level is Level.WARNING


def test_a_skip_is_no_way_back():
    assert findings("1.29.4", "1.31.0", ready=0)[istio_version_change.STEP].level is Level.ERROR


@pytest.mark.parametrize("running", ["1.30.2", "1.31.0"])
def test_one_step_and_none_are_fine(running):
    assert findings(running, "1.31.0")[istio_version_change.STEP].level is Level.OK


@pytest.mark.parametrize("running", ["", "latest"])
def test_a_first_install_and_an_istiod_of_unknown_version_are_not_judged(running):
    assert findings(running, "1.31.0") == {}


def test_proxies_that_an_upgrade_would_leave_two_minor_versions_behind_stop_it():
    finding = findings("1.30.0", "1.31.0", "1.29.4", "1.30.0")[istio_version_change.SKEW]
    assert (finding.level, finding.number) == (Level.ERROR, 1)
    assert "trading/shop-0 is of 1.29.4, more than one minor version older than istiod 1.31.0" in finding.message
    assert "`python -m operations refresh -s STACK` restarts them: before the `up`" in finding.fix


@pytest.mark.parametrize("running", ["1.31.0", "1.31.1"])
def test_skew_that_is_there_already_is_a_warning_that_names_refresh(running):
    finding = findings(running, "1.31.1", "1.29.4", "1.28.0")[istio_version_change.SKEW]
    assert (finding.level, finding.number) == (Level.WARNING, 2)
    assert "operations refresh" in finding.fix


def test_skew_that_grows_is_a_warning_where_skips_are_allowed():
    assert findings("1.30.0", "1.31.0", "1.29.4", allowSkip=True)[istio_version_change.SKEW].level is Level.WARNING


def test_proxies_newer_than_a_mesh_that_is_installed_anew_are_refused():
    finding = findings("", "1.30.0", "1.31.0")[istio_version_change.SKEW]
    assert finding.level is Level.ERROR
    assert "is of 1.31.0, newer than istiod 1.30.0" in finding.message
    assert finding.fix.startswith("set istio.version to 1.31.0 or newer")


def test_proxies_one_minor_version_behind_may_go_with_it():
    assert findings("1.30.0", "1.31.0", "1.30.0", "1.31.0")[istio_version_change.SKEW].level is Level.OK


def test_a_gateway_chart_of_another_version_is_told_in_one_line():
    message = findings("1.20.3", "1.21.6")[istio_version_change.GATEWAY_CHART].message
    assert message == "1.21.6 uses the gateway chart 1.20.7, because Helm refuses its own (istio/istio#57354)"


def test_a_proxy_of_a_second_control_plane_is_not_judged_by_the_first():
    (pod,) = pods("1.31.0")
    moved = replace(pod, annotations={"istio.io/rev": "next"})
    snapshot = make_snapshot(deployments=(istiod("1.30.0"),), pods=(moved,))
    found = istio_version_change.check(Observation(make_mesh(istio={"version": "1.30.0"}), snapshot))
    assert [finding.id for finding in found if finding.id == istio_version_change.SKEW] == []


@pytest.mark.parametrize(
    ("count", "names"),
    [(3, "trading/pod-2 are of 1.27.0"), (4, "trading/pod-2 and 1 more are of 1.27.0")],
)
def test_three_proxies_are_named_and_the_others_counted(count, names):
    far = [Proxy(Pod("trading", f"pod-{number}"), "1.27.0") for number in range(count)]
    assert istio_version_change._named(far).endswith(names)


@pytest.mark.parametrize(
    ("running", "message"),
    [("1.31.0", "is what runs"), ("1.30.2", "goes from 1.30.2 to 1.31.0, a step that Istio supports")],
)
def test_a_step_that_istio_supports_is_told_as_one(running, message):
    assert findings(running, "1.31.0")[istio_version_change.STEP].message == message
