"""Every chart is pinned to one exact version."""

import re
from collections.abc import Iterator

from .resource import RELEASE
from .rule import MANDATORY, Bounds, Resource, Rule

EXACT = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?")


def breaches(resource: Resource, _: Bounds) -> Iterator[str]:
    if resource.resource_type != RELEASE:
        return
    chart, version = str(resource.props["chart"]), resource.props.get("version")
    if chart.endswith(".tgz") and not version:
        if not re.search(rf"-{EXACT.pattern}\.tgz$", chart):
            yield f"chart {chart} has no version in its name"
    elif version is None or not EXACT.fullmatch(str(version)):
        yield f"chart {chart} has version {version!r}"


RULE = Rule(
    "exact-chart-version",
    "A Helm release names one exact chart version",
    MANDATORY,
    "a range installs something else tomorrow, unseen by any review",
    'pin it, such as "1.20.3", in istio.version, observability or vault.certManager',
    breaches=breaches,
)
