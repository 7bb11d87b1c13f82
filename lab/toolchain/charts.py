"""Istio's charts as .tgz files in one folder of the cache, each packaged when it is first needed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.toolchain import istio_modules, packaging, programs
from lab.toolchain.cache import cache_root, file_key, lock
from lab.toolchain.istio_modules import ReleaseUnavailableError
from lab.toolchain.istio_parts import CONTROL_PLANES, ISTIO
from lab.toolchain.progress import Estimate, show_progress

PACKAGED = tuple(CONTROL_PLANES)
"""Versions whose charts every lab has: those whose control planes it can run."""

DOWNLOAD_SECONDS = 5.0


def chart_dir(versions: Iterable[str] = PACKAGED) -> Path:
    """Return the folder with base-V.tgz, istiod-V.tgz and gateway-V.tgz of these versions, packaged if needed.

    Raises `MissingProgramError` until the part istio is built, `ReleaseUnavailableError` for a version without charts.
    """
    folder = _folder()
    missing = [version for version in versions if not _packaged(folder, version)]
    if missing:
        estimate = Estimate({f"charts of Istio {version}": DOWNLOAD_SECONDS for version in missing})
        with lock("charts"), show_progress(estimate):
            folder.mkdir(parents=True, exist_ok=True)
            for version, step in zip(missing, estimate.steps, strict=True):
                with estimate.step(step):
                    _package(folder, version)
    return folder


def released_charts() -> tuple[Path, dict[str, str]]:
    """Return the folder with the charts of all pinned versions, and for each version without charts the reason."""
    refused: dict[str, str] = {}
    for version in istio_modules.VERSIONS:
        try:
            chart_dir([version])
        except ReleaseUnavailableError as error:
            refused[version] = str(error)
    return _folder(), refused


def _folder() -> Path:
    code = [Path(packaging.__file__), Path(istio_modules.__file__)]
    return cache_root() / f"charts-{file_key(code, str(programs.file('istio', 'charts')))}"


def _file(folder: Path, chart: str, version: str) -> Path:
    return folder / f"{chart}-{version}.tgz"


def _packaged(folder: Path, version: str) -> bool:
    return all(_file(folder, chart, version).is_file() for chart in packaging.CHARTS)


def _package(folder: Path, version: str) -> None:
    with _sources(version) as sources:
        for chart, source in sources.items():
            partial = folder / f"{chart}-{version}.partial"
            partial.write_bytes(packaging.package(source, chart, version))
            partial.rename(_file(folder, chart, version))


@contextmanager
def _sources(version: str) -> Iterator[dict[str, Path]]:
    if version == ISTIO:
        yield {chart: programs.file("istio", f"charts/{chart}") for chart in packaging.CHARTS}
    else:
        with istio_modules.module(istio_modules.find(version)) as module:
            yield {chart: module / inside for chart, inside in packaging.CHARTS.items()}
