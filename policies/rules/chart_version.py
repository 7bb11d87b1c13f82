"""Charts are pinned to one exact version."""

import re
from collections.abc import Iterator

from .resource import is_release
from .rule import MANDATORY, Bounds, Resource, Rule
from .tree import at, text

EXACT = re.compile(r"v?(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?")
_PACKAGE = re.compile(rf".*?-(?P<version>{EXACT.pattern})\.(tgz|tar\.gz)")


def breaches(resource: Resource, _: Bounds) -> Iterator[str]:
    if not is_release(resource):
        return
    chart = text(resource.props, "chart") or ""
    # `or None`: Helm takes an empty version for none.
    version = text(resource.props, "version") or None
    path = re.split(r"[?#]", chart)[0]
    file = path.rstrip("/").rpartition("/")[2]
    if path.endswith((".tgz", ".tar.gz")):
        yield from _of_package(chart, file, version)
    elif version is None or not EXACT.fullmatch(version):
        yield f"chart {chart} has version {version!r}"
    elif ":" in file or "@" in file:
        yield f"chart {chart} names a tag or digest, which overrides version {version}"
    elif not at(resource.props, "repositoryOpts.repo") and "://" not in chart:
        yield f"chart {chart} is a folder, whose content no version pins"


def _of_package(chart: str, file: str, version: str | None) -> Iterator[str]:
    named = _PACKAGE.fullmatch(file)
    if not named:
        yield f"chart {chart} has no version in its name"
    elif version is not None and version.removeprefix("v") != named["version"].removeprefix("v"):
        yield f"chart {chart} does not have version {version} in its name, and Helm ignores the version for a package"


RULE = Rule(
    "exact-chart-version",
    "A Helm release names one exact chart version",
    MANDATORY,
    "a range installs another version tomorrow, without any review",
    'pin it, such as "1.20.3", in istio.version, observability or vault.certManager',
    breaches=breaches,
)
