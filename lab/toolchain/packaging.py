"""The packaging of a chart as Istio's release builder does it: with a real version, hub and tag."""

import gzip
import io
import re
import tarfile
from pathlib import Path

HUB = "docker.io/istio"

CHARTS = {
    "base": "manifests/charts/base",
    "istiod": "manifests/charts/istio-control/istio-discovery",
    "gateway": "manifests/charts/gateway",
}
"""Chart -> its folder in Istio's module."""


def package(source: Path, chart: str, version: str) -> bytes:
    """Return a chart's .tgz; the same bytes for the same source and version."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            content = _released(path.name, path.read_text(), version).encode()
            entry = tarfile.TarInfo(f"{chart}/{path.relative_to(source)}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _released(name: str, text: str, version: str) -> str:
    """Return a file as a release has it: the source tree says version 1.0.0, and the hub and tag of nightly builds."""
    if name == "Chart.yaml":
        return re.sub(r"^(version|appVersion): .*$", rf"\1: {version}", text, flags=re.MULTILINE)
    if name == "values.yaml":
        text = re.sub(r"^( +hub:) [\w.]+/[\w/-]*testing$", rf"\1 {HUB}", text, flags=re.MULTILINE)
        return re.sub(r"^( +tag:) latest$", rf"\1 {version}", text, flags=re.MULTILINE)
    return text
