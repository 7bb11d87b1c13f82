"""The path of an upgrade: the versions that it installs one after the other."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pi_mesh.catalog.istio import MINORS
from pi_mesh.checks import version_step
from pi_mesh.settings import Settings


def path(running: str, wanted: str, settings: Settings) -> tuple[str, ...]:
    """Return the versions of the steps, the wanted one last; none if it runs already.

    The versions before it are the newest patches in the directory of charts, or else in the catalog. With
    `istio.allowSkip`, minor versions that the directory lacks are left out.
    """
    if running == wanted:
        return ()
    between = version_step.minors_between(running, wanted)[:-1]
    return (*_newest(between, settings), wanted)


def _newest(minors: Iterable[int], settings: Settings) -> Iterator[str]:
    for minor in minors:
        there = _patches(minor, Path(settings.charts.source)) if settings.charts.is_directory else []
        if settings.charts.is_directory and settings.istio.allow_skip and not there:
            continue
        known = MINORS[minor].newest_patch if minor in MINORS else 0
        yield f"1.{minor}.{max(there, default=known)}"


def _patches(minor: int, folder: Path) -> list[int]:
    """Return the patches of a minor version whose istiod chart is in the folder."""
    names = (path.stem.removeprefix(f"istiod-1.{minor}.") for path in folder.glob(f"istiod-1.{minor}.*.tgz"))
    return [int(name) for name in names if name.isdecimal()]
