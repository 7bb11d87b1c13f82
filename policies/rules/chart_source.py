"""Charts come from repositories on the allowed list."""

import re
from collections.abc import Iterator

from .resource import is_release
from .rule import MANDATORY, Bounds, Resource, Rule, bound, strings
from .tree import text

SOURCES = (
    "https://blob.istio.io/istio-release/charts",
    "oci://ghcr.io/istio/release/charts",
    "https://prometheus-community.github.io/helm-charts",
    "https://kiali.org/helm-charts",
    "https://grafana-community.github.io/helm-charts",
    "https://jaegertracing.github.io/helm-charts",
    "https://charts.jetstack.io",
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_REST = re.compile(rf"({_NAME.pattern}/)*({_NAME.pattern}([:@][A-Za-z0-9.:_-]+)?)?")
"""The path below an allowed source: plain segments, none of them "..", encoded, a query or a fragment."""


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    if not is_release(resource):
        return
    chart, repository = text(resource.props, "chart"), text(resource.props, "repositoryOpts.repo")
    if not chart:
        yield "chart is not set, so that its source cannot be judged"
        return
    if repository and not _is_below(repository, bounds["sources"]):
        yield f"chart {chart} comes from {repository}"
    # Helm does not ask the repository for a chart that has an address, or that is a file.
    if "://" in chart:
        if not _is_below(chart, bounds["sources"]):
            yield f"chart {chart} comes from outside of the allowed sources"
    elif repository and not _NAME.fullmatch(chart):
        yield f"chart {chart} is a path, which Helm looks up before it asks {repository}"
    elif not repository and not bounds["packaged"]:
        yield f"chart {chart} is a local package"
    elif not repository and not chart.endswith(".tgz"):
        yield f"chart {chart} is a local folder, not a package"


def _is_below(source: str, allowed: list[str]) -> bool:
    """Return True for an allowed source and for paths below it."""
    prefixes = [entry.rstrip("/") for entry in allowed]
    below = (source.removeprefix(f"{prefix}/") for prefix in prefixes if source.startswith(f"{prefix}/"))
    return source in prefixes or any(map(_REST.fullmatch, below))


RULE = Rule(
    "chart-source",
    "Charts come from the allowed repositories",
    MANDATORY,
    "a chart runs with all rights in the cluster; Istio's hosts at Google shut down in December 2026",
    "set charts.source to one of the allowed sources, or add yours to the policy config after a review",
    schema={
        "sources": strings(SOURCES, "Repositories and registries; the paths below them are allowed too."),
        "packaged": bound("boolean", False, "Allow packaged charts (.tgz) from a local directory."),
    },
    breaches=breaches,
)
