"""A change of istio.version must be a step that Istio supports, and leave no proxy too far behind its istiod."""

import re
from collections.abc import Iterator, Sequence

from pi_mesh.catalog.istio import minor_of
from pi_mesh.checks import upgrade_path
from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster import proxies
from pi_mesh.cluster.proxies import Proxy
from pi_mesh.inventory import Inventory, Kind
from pi_mesh.names import ISTIOD
from pi_mesh.words import agreeing, listed

STEP, SKEW, GATEWAY_CHART = "istio version change", "proxy skew", "gateway chart"
EXACT = re.compile(r"1\.\d+\.\d+")
BEHIND = 1
"""Minor versions that a proxy may be older than its istiod; newer it may never be:
https://istio.io/latest/docs/releases/supported-releases/#control-planedata-plane-skew"""
SHOWN = 3
REFRESH = "`python -m operations refresh -s STACK` restarts them"


def check(observation: Observation) -> Iterator[Finding]:
    observed = proxies.of_snapshot(observation.snapshot, observation.settings.istio.namespace)
    running = observed.control_plane if EXACT.fullmatch(observed.control_plane) else ""
    if running:
        yield _step(observation, running)
    yield from _gateway_chart(observation.mesh)
    known = [proxy for proxy in observed.of_first if EXACT.fullmatch(proxy.version)]
    if known:
        yield _skew(observation.mesh, running, known)


def _step(observation: Observation, running: str) -> Finding:
    version, subject = observation.settings.istio.version, setting("istio.version")
    problem = upgrade_path.unsupported_change(running, version)
    if problem is None:
        step = f"goes from {running} to {version}, a step that Istio supports"
        return ok(STEP, subject, "is what runs" if running == version else step)
    # An istiod that is not Ready serves no proxy, so the way back from a failed upgrade is open.
    istiod = f"{observation.settings.istio.namespace}/{ISTIOD}"
    is_ready = any(entry.ready for entry in observation.snapshot.deployments if entry.id == istiod)
    is_allowed = observation.settings.istio.allow_skip or (problem.goes_back and not is_ready)
    return (warning if is_allowed else error)(STEP, subject, problem.message, problem.fix)


def _gateway_chart(mesh: Inventory) -> Iterator[Finding]:
    """Yield the gateway chart's version if it differs from istiod's; the chart source must have it."""
    version = mesh.settings.istio.version
    for chart in {release.version for release in mesh.of_kind(Kind.GATEWAY)} - {version}:
        message = f"{version} uses the gateway chart {chart}, because Helm refuses its own (istio/istio#57354)"
        yield ok(GATEWAY_CHART, setting("istio.version"), message)


def _skew(mesh: Inventory, running: str, known: Sequence[Proxy]) -> Finding:
    """Judge the proxies against the wanted istiod; existing skew must not block its cure."""
    version = mesh.settings.istio.version
    minor, subject = minor_of(version), Subject("proxy", "")
    older = [proxy for proxy in known if minor - minor_of(proxy.version) > BEHIND]
    newer = [proxy for proxy in known if minor_of(proxy.version) > minor]
    if not older and not newer:
        return ok(SKEW, subject, f"work with istiod {version}", number=len(known))
    far = older or newer
    versions = ", ".join(sorted({proxy.version for proxy in far}))
    names = f"{listed([proxy.id for proxy in far], SHOWN)} {agreeing(len(far), 'is', 'are')} of {versions}"
    message = f"{names}, {'more than one minor version older' if older else 'newer'} than istiod {version}"
    grows = not running or minor_of(running) != minor
    if grows and not mesh.settings.istio.allow_skip:
        newest = max((proxy.version for proxy in far), key=minor_of)
        fix = f"{REFRESH}: before the `up`" if older else f"set istio.version to {newest} or newer"
        return error(SKEW, subject, message, f"{fix}; {upgrade_path.ANYWAY}", number=len(far))
    return warning(SKEW, subject, message, REFRESH, number=len(far))
