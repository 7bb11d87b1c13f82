"""Istio's version must support the cluster's Kubernetes, and should still get fixes."""

import re
from collections.abc import Iterator

from pi_mesh.catalog.istio import NEWEST_MINOR, facts_of, is_known
from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, unknown, warning
from pi_mesh.checks.observation import Observation

KUBERNETES, END_OF_LIFE = "kubernetes version", "istio end of life"


def check(observation: Observation) -> Iterator[Finding]:
    """Judge the cluster's version: below Istio's range APIs are missing; above it Istio is untested."""
    istio, version = observation.settings.istio.version, observation.snapshot.version
    if not is_known(istio):
        return
    first, last = facts_of(istio).kubernetes
    subject, allowed = Subject("Kubernetes", version), f"1.{first} to 1.{last}"
    match = re.match(r"v?1\.(\d+)", version)
    if match is None:
        yield unknown(KUBERNETES, subject, f"cannot be compared with {allowed}")
    elif int(match[1]) < first:
        fix = f"upgrade the cluster to 1.{first} or set an older istio.version"
        yield error(KUBERNETES, subject, f"is too old for Istio {istio}, which needs {allowed}", fix)
    elif int(match[1]) > last:
        message = f"is newer than what Istio {istio} is tested with ({allowed})"
        yield warning(KUBERNETES, subject, message, "check the release notes, or set a newer istio.version")
    else:
        yield ok(KUBERNETES, subject, f"is in the range of Istio {istio}: {allowed}")


def check_end_of_life(observation: Observation) -> Iterator[Finding]:
    """Yield until when the version gets fixes, or that the catalog does not know the version."""
    version, subject = observation.settings.istio.version, setting("istio.version")
    if not is_known(version):
        known = f"is newer than what this program knows, 1.{NEWEST_MINOR}"
        message = f"{version} {known}: which Kubernetes it needs and how long it gets fixes was not checked"
        fix = "a newer pi-mesh knows it; until then read Istio's release notes, and try it on another cluster"
        yield warning(END_OF_LIFE, subject, message, fix)
        return
    facts = facts_of(version)
    if observation.now.date() <= facts.end_of_life:
        yield ok(END_OF_LIFE, subject, f"{version} gets fixes until {facts.end_of_life}")
    else:
        where = "" if facts.needs_48_bit_addresses else " where the nodes' kernels have 48-bit addresses"
        message, fix = f"{version} has had no fixes since {facts.end_of_life}", f"set a supported version{where}"
        yield warning(END_OF_LIFE, subject, message, fix)
