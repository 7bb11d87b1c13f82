"""Charts of a directory source must exist before anything is changed; the provider asks repositories."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from pi_mesh.checks.finding import Finding, error, ok, setting
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory, Release

ID = "charts"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:  # noqa: ARG001 - a check like the others
    by_setting = sorted(mesh.releases, key=lambda release: release.source_setting)
    for key, releases in groupby(by_setting, key=lambda release: release.source_setting):
        yield _source(key, list(releases))


def _source(key: str, releases: list[Release]) -> Finding:
    source = releases[0].source
    if not source.is_directory:
        return ok(ID, setting(key), ", ".join(dict.fromkeys(release.source.source for release in releases)))
    missing = [path for path in dict.fromkeys(one.package for one in releases) if not Path(path).is_file()]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        fix = "put the charts there, or set the versions to those that are there"
        return error(ID, setting(key), f"{', '.join(missing)} {verb} not there", fix, number=len(missing))
    return ok(ID, setting(key), f"{source.source} has every chart", number=len(releases))
