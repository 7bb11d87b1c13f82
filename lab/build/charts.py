"""Istio's charts, packaged as Istio's release builder does: with a real version, hub and tag."""

import gzip
import io
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lab.build import programs, releases
from lab.build.cache import cache_root, file_key, lock
from lab.build.parts import ISTIO

HUB = "docker.io/istio"
CHARTS = {"base": "base", "istiod": "istio-control/istio-discovery", "gateway": "gateway"}
"""Chart -> its folder under `manifests/charts`."""

VERSIONS = (*(release.version for release in releases.RELEASES), ISTIO)


def chart_dir() -> Path:
    """Folder with base-V.tgz, istiod-V.tgz and gateway-V.tgz of every V of `VERSIONS`; packaged at the first call.

    Raises `MissingProgramError` until the part istio is built, `ReleaseUnavailableError` when a download fails.
    """
    folder = cache_root() / f"charts-{_key()}"
    if not folder.is_dir():
        with lock("charts"), tempfile.TemporaryDirectory(prefix="charts-", dir=cache_root()) as scratch:
            whole = Path(scratch) / "charts"
            whole.mkdir()
            for version, chart, source in _sources():
                (whole / f"{chart}-{version}.tgz").write_bytes(package(source, chart, version))
            if not folder.is_dir():
                whole.rename(folder)
    return folder


def _key() -> str:
    here = Path(__file__)
    return file_key([here, here.with_name("releases.py")], str(programs.file("istio", "charts")))


def _sources() -> Iterator[tuple[str, str, Path]]:
    for chart in CHARTS:
        yield ISTIO, chart, programs.file("istio", f"charts/{chart}")
    for release in releases.RELEASES:
        module = releases.download(release)
        for chart, inside in CHARTS.items():
            yield release.version, chart, module / "manifests" / "charts" / inside


def package(source: Path, chart: str, version: str) -> bytes:
    """A chart's .tgz; the same bytes for the same source and version."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            content = _released(path.relative_to(source), path.read_text(), version).encode()
            entry = tarfile.TarInfo(f"{chart}/{path.relative_to(source)}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _released(place: Path, text: str, version: str) -> str:
    """The file as it is in a release: the source tree says version 1.0.0 and the hub and tag of nightly builds."""
    if place.name == "Chart.yaml":
        return re.sub(r"^(version|appVersion): .*$", rf"\1: {version}", text, flags=re.MULTILINE)
    if place.name == "values.yaml":
        text = re.sub(r"^( +hub:) [\w.]+/[\w/-]*testing$", rf"\1 {HUB}", text, flags=re.MULTILINE)
        return re.sub(r"^( +tag:) latest$", rf"\1 {version}", text, flags=re.MULTILINE)
    return text


def remove_old() -> None:
    """Remove packaged charts that no longer match the sources."""
    for folder in cache_root().glob("charts-*"):
        if folder != chart_dir():
            shutil.rmtree(folder)
