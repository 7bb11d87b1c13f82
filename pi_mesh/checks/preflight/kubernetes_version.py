"""Istio's version must support the cluster's Kubernetes, and should still get fixes."""

import re
from collections.abc import Iterator
from datetime import date

from pi_mesh.catalog.istio import NEWEST_MINOR, IstioMinor, facts_of, is_known
from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

KUBERNETES, END_OF_LIFE = "kubernetes version", "istio end of life"


def check(observation: Observation) -> Iterator[Finding]:
    if is_known(observation.settings.istio.version):
        yield kubernetes(observation.settings, observation.snapshot)


def check_end_of_life(observation: Observation) -> Iterator[Finding]:
    yield end_of_life(observation.settings, date.today())


def kubernetes(settings: Settings, snapshot: Snapshot) -> Finding:
    """Judge the cluster's version: below Istio's range APIs are missing; above it Istio is untested."""
    facts = facts_of(settings.istio.version)
    first, last = facts.kubernetes
    subject, allowed = Subject("Kubernetes", snapshot.version), f"1.{first} to 1.{last}"
    match = re.match(r"v?1\.(\d+)", snapshot.version)
    if match is None:
        return unknown(KUBERNETES, subject, f"cannot be compared with {allowed}")
    minor = int(match[1])
    if minor < first:
        fix = f"upgrade the cluster to 1.{first} or set an older istio.version"
        return error(KUBERNETES, subject, f"is too old for Istio {settings.istio.version}, which needs {allowed}", fix)
    if minor > last:
        message = f"is newer than what Istio {settings.istio.version} is tested with ({allowed})"
        return warning(KUBERNETES, subject, message, "check the release notes, or set a newer istio.version")
    return ok(KUBERNETES, subject, f"is in the range of Istio {settings.istio.version}: {allowed}")


def end_of_life(settings: Settings, today: date) -> Finding:
    """Return until when the version gets fixes, or that the catalog does not know the version."""
    if not is_known(settings.istio.version):
        known = f"is newer than what this program knows, 1.{NEWEST_MINOR}"
        message = f"{settings.istio.version} {known}: which Kubernetes it needs"
        fix = "a newer pi-mesh knows it; until then read Istio's release notes, and try it on another cluster"
        return warning(
            END_OF_LIFE, setting("istio.version"), f"{message} and how long it gets fixes was not checked", fix
        )
    facts = facts_of(settings.istio.version)
    if today <= facts.end_of_life:
        message = f"{settings.istio.version} gets fixes until {facts.end_of_life}"
        return ok(END_OF_LIFE, setting("istio.version"), message)
    message = f"{settings.istio.version} has had no fixes since {facts.end_of_life}"
    return warning(END_OF_LIFE, setting("istio.version"), message, _newer(facts))


def _newer(facts: IstioMinor) -> str:
    if facts.needs_48_bit_addresses:
        return "set a supported version"
    return "set a supported version where the nodes' kernels have 48-bit addresses"
