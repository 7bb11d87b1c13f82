"""The path of an upgrade: a change of Istio's version must be a step that Istio supports, one minor version at a time.

https://istio.io/latest/docs/setup/upgrade/helm/ and https://istio.io/latest/docs/releases/supported-releases/
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pi_mesh.catalog.istio import MINORS, minor_of, numbers_of
from pi_mesh.settings import Settings

ANYWAY = "`istio.allowSkip: true` allows the step anyway"


class Unsupported(NamedTuple):
    """A change of version that Istio does not support."""

    message: str
    fix: str
    goes_back: bool


def unsupported_change(running: str, version: str) -> Unsupported | None:
    """Return why a change from one exact version to another is not supported, and the path to take; None if it is."""
    if numbers_of(version) < numbers_of(running):
        message = f"goes back from {running} to {version}: Istio supports no downgrade"
        return Unsupported(message, f"set {running} or newer; {ANYWAY}", goes_back=True)
    steps = minors_between(running, version)
    if len(steps) <= 1:
        return None
    message = f"goes from {running} to {version} in one step: Istio supports one minor version at a time"
    path = ", ".join(f"1.{minor}" for minor in steps)
    fix = f"`python -m operations upgrade -s STACK --to {version}` takes {path} one after the other; {ANYWAY}"
    return Unsupported(message, fix, goes_back=False)


def minors_between(running: str, version: str) -> range:
    """Return the minor versions that an upgrade goes through, the wanted one last."""
    return range(minor_of(running) + 1, minor_of(version) + 1)


def version_path(running: str, version: str, settings: Settings) -> tuple[str, ...]:
    """Return the versions of the steps, the wanted one last; none if it runs already.

    The versions before it are the newest patches in the directory of charts, or else in the catalog. With
    `istio.allowSkip`, minor versions that the directory lacks are left out.
    """
    if running == version:
        return ()
    return (*newest_patches(minors_between(running, version)[:-1], settings), version)


def newest_patches(minors: Iterable[int], settings: Settings) -> Iterator[str]:
    """Yield the newest patch of each minor version."""
    is_directory, source = settings.charts.is_directory, settings.charts.source
    for minor in minors:
        charts = Path(source).glob(f"istiod-1.{minor}.*.tgz") if is_directory else ()
        names = (path.stem.removeprefix(f"istiod-1.{minor}.") for path in charts)
        known = MINORS[minor].newest_patch if minor in MINORS else 0
        newest = max((int(name) for name in names if name.isdecimal()), default=None)
        if newest is not None or not (is_directory and settings.istio.allow_skip):
            yield f"1.{minor}.{known if newest is None else newest}"
