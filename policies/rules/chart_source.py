"""Charts come from repositories on the allowed list."""

from collections.abc import Iterator

from .resource import RELEASE, at
from .rule import MANDATORY, Bounds, Resource, Rule, strings

SOURCES = (
    "https://blob.istio.io/istio-release/charts",
    "oci://ghcr.io/istio/release/charts",
    "https://prometheus-community.github.io/helm-charts",
    "https://kiali.org/helm-charts",
    "https://grafana-community.github.io/helm-charts",
    "https://jaegertracing.github.io/helm-charts",
    "https://charts.jetstack.io",
)


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    if resource.resource_type != RELEASE:
        return
    chart = str(resource.props["chart"])
    source = at(resource.props, "repositoryOpts.repo") or chart
    if "://" not in source:
        if not bounds["packaged"]:
            yield f"chart {chart} is a local package"
    elif not any(source == allowed or source.startswith(f"{allowed}/") for allowed in bounds["sources"]):
        yield f"chart {chart} comes from {source}"


RULE = Rule(
    "chart-source",
    "Charts come from the allowed repositories",
    MANDATORY,
    "a chart runs with all rights in the cluster; Istio's hosts at Google go away in December 2026",
    "set charts.source to one of the allowed sources, or add yours to the policy config after a review",
    schema={
        "sources": strings(
            SOURCES,
            "Repositories and registries, without a slash at the end; what lies below them is allowed too.",
        ),
        "packaged": {
            "type": "boolean",
            "default": False,
            "description": "Whether packaged charts from a local directory are allowed.",
        },
    },
    breaches=breaches,
)
