"""The applied values must be those of the settings: a changed stack file changes nothing before `pulumi up`."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.diff import shorten
from pi_mesh.cluster.helm_releases import AppliedRelease, digest
from pi_mesh.inventory import Kind, Release
from pi_mesh.names import VERSION_ANNOTATION
from pi_mesh.tree_diff import ABSENT, unequal
from pi_mesh.values.setting_paths import config_key
from pi_mesh.words import counted

ID = "settings applied"
FIX = "`pulumi up`; if that sees no change, someone used Helm directly: `pulumi up --refresh`"
ROOT = "meshConfig.caCertificates"
"""Path of Vault's root, which the settings do not have; the check of the mesh's certificates judges it."""

VERSION = f"podAnnotations.{VERSION_ANNOTATION}"
"""Path of the version annotation, which only a version change sets: a gateway without it is not restarted for it."""


class Value(NamedTuple):
    """A value that differs from what the settings give."""

    key: str
    """Config key of the value."""
    path: str
    wanted: object
    applied: object
    release: str
    secret: bool
    """True for an extra value, whose text is not shown because it may be a password."""


def check(observation: Observation) -> Iterator[Finding]:
    mesh, applied = observation.mesh, {entry.release: entry for entry in observation.live.releases}
    installed = [release for release in mesh.releases if release.id in applied]
    values = [value for release in installed for value in _values(observation, release, applied[release.id])]
    values.sort(key=lambda value: value.key)
    for key, group in groupby(values, key=lambda value: value.key):
        yield _finding(observation, key, list(group))
    asked = {release.id for release in mesh.releases}
    off = [record for record in observation.snapshot.releases if mesh.owns(record.id) and record.id not in asked]
    for release in off:
        yield error(ID, Subject("release", release.id), "is installed, but the stack file switches it off", FIX)
    if applied and not values and not off:
        message = "every value of every release is as the stack file asks for"
        yield ok(ID, Subject("release"), message, number=len(applied))


def _finding(observation: Observation, key: str, values: list[Value]) -> Finding:
    # Of the values behind one setting, the one with the shortest path is the clearest: replicaCount.
    first = min(values, key=lambda value: len(value.path))
    releases = ", ".join(dict.fromkeys(value.release for value in values))
    others = len({(str(value.wanted), str(value.applied)) for value in values}) - 1
    more = f" and {counted(others, 'more value')}" if others else ""
    message = f"{_asked_and_applied(first)} ({first.path}{more} of release {releases})"
    branch, _, rest = key.partition(".")
    if rest == "service.type" and getattr(observation.settings, branch).service.type == "auto":
        return warning(ID, setting(key), f"with `auto`, {message}", FIX)
    return error(ID, setting(key), message, FIX, number=len(values))


def _asked_and_applied(value: Value) -> str:
    if value.secret and any(isinstance(side, str | list) for side in (value.wanted, value.applied)):
        return "the stack file asks for another value than the cluster has"
    asked, applied = ("nothing" if side is ABSENT else shorten(side) for side in (value.wanted, value.applied))
    return f"the stack file asks for {asked}, the cluster has {applied}"


def _values(observation: Observation, release: Release, applied: AppliedRelease) -> Iterator[Value]:
    if applied.chart_version != release.version:
        keys = {Kind.CERT_MANAGER: f"{release.setting}.version", Kind.ADDON: release.setting}
        key = keys.get(release.kind, "istio.version")
        yield Value(key, "version", release.version, applied.chart_version, release.id, secret=False)
    everything = applied.extra is None
    for path, asked, live in unequal(release.values if everything else release.typed, applied.values):
        if path != VERSION and not (path == ROOT and observation.settings.vault.external_signer):
            typed, extra = _holds(release.typed, path), _holds(release.extra, path)
            key = config_key(release.chart, release.setting, path, typed=typed, extra=extra and not typed)
            yield Value(key, path, asked, live, release.id, secret=not typed)
    if not everything and applied.extra != digest(release.id, release.extra):
        yield Value(f"{release.setting}.values", "", "now", "then", release.id, secret=True)


def _holds(values: Mapping, path: str) -> bool:
    """Return True if the values have something at a path, whose keys may contain dots themselves."""
    return any(
        path == key
        or (path.startswith(f"{key}.") and isinstance(below, dict) and _holds(below, path.removeprefix(f"{key}.")))
        for key, below in values.items()
    )
