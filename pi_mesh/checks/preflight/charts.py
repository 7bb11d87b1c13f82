"""Charts of a directory source must exist, and those of a locked stack must have the locked sums."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from pi_mesh.checks.finding import Finding, Subject, error, ok, setting
from pi_mesh.checks.observation import Observation
from pi_mesh.inventory import Inventory, Release, gateway_api_crds
from pi_mesh.inventory.chart_lock import FILE, sum_of
from pi_mesh.words import agreeing

ID = "charts"


def check(observation: Observation) -> Iterator[Finding]:
    mesh = observation.mesh
    if wrong := gateway_api_crds.mismatch(mesh):
        yield error(ID, setting("gatewayApi.crds"), *wrong)
    if mesh.is_locked:
        for release in {release.package: release for release in mesh.releases}.values():
            yield _locked(release, mesh.stack)
    elif observation.snapshot:
        by_setting = sorted(mesh.releases, key=lambda release: release.source_setting)
        for key, releases in groupby(by_setting, key=lambda release: release.source_setting):
            yield _source(key, list(releases))


def unlocked(mesh: Inventory) -> set[str]:
    """Return the charts of a locked stack that have no sum in the lock, as a finding's subject names them."""
    return {_name(release) for release in mesh.releases if not release.sha256}


def _name(release: Release) -> str:
    return f"{release.chart} {release.version}"


def _locked(release: Release, stack: str) -> Finding:
    """Compare the file that the provider will install with the lock; a chart without a sum is an error."""
    subject, sha256 = Subject("chart", _name(release)), sum_of(release.package)
    if not release.sha256:
        message = f"{FILE} has no sum of it for the stack {stack}; {release.package} {_described(sha256)}"
        fix = f"`python -m operations charts lock -s {stack}`, then review and commit what it adds"
        return error(ID, subject, message, fix)
    if sha256 == release.sha256:
        return ok(ID, subject, f"{release.package} has the sha256 of {FILE}")
    fix = f"`python -m operations charts vendor -s {stack}` fetches it"
    if sha256:
        fix = f"do not install it; find out who changed it and remove it, then {fix} again"
    return error(ID, subject, f"{release.package} {_described(sha256)}, {FILE} has {release.sha256}", fix)


def _described(sha256: str | None) -> str:
    return f"has the sha256 {sha256}" if sha256 else "is not there"


def _source(key: str, releases: list[Release]) -> Finding:
    source = releases[0].source
    if not source.is_directory:
        shown = ", ".join(dict.fromkeys(release.source.source for release in releases))
        return ok(ID, setting(key), f"{shown}, trusted unseen: {FILE} does not have this stack")
    missing = [path for path in dict.fromkeys(release.package for release in releases) if not Path(path).is_file()]
    if missing:
        verb = agreeing(len(missing), "is", "are")
        fix = "put the charts there, or set the versions to those that are there"
        return error(ID, setting(key), f"{', '.join(missing)} {verb} not there", fix, number=len(missing))
    return ok(ID, setting(key), f"{source.source} has every chart", number=len(releases))
