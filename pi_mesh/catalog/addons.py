"""Where the observability charts come from. All their images exist for arm64 and amd64."""

from pi_mesh.catalog.istio import facts_of

REPOSITORIES = {
    "prometheus": "https://prometheus-community.github.io/helm-charts",
    "kiali": "https://kiali.org/helm-charts",
    # Moved from grafana.github.io in January 2026: https://github.com/grafana-community/helm-charts
    "grafana": "https://grafana-community.github.io/helm-charts",
    "jaeger": "https://jaegertracing.github.io/helm-charts",
}

CHARTS = {"prometheus": "prometheus", "kiali": "kiali-server", "grafana": "grafana", "jaeger": "jaeger"}

PROMETHEUS, GRAFANA, JAEGER = "29.27.0", "12.11.1", "4.11.1"
"""Chart versions: Prometheus 3.14, Grafana 13.2, Jaeger 2.19."""

_KIALI = {
    20: "1.76.0",
    21: "1.79.0",
    22: "1.86.0",
    23: "1.87.0",
    24: "2.0.0",
    25: "2.5.0",
    26: "2.8.0",
    27: "2.12.0",
    28: "2.17.0",
    29: "2.21.0",
    30: "2.26.0",
    31: "2.27.0",
}
"""Istio minor -> the Kiali that Istio ships beside its newest patch (samples/addons/kiali.yaml at the release tags)."""


def kiali_for(istio: str) -> str:
    """The chart version of the Kiali that goes with an Istio version. Raises KeyError for one that is not known."""
    return _KIALI[facts_of(istio).minor]


def dashboards(istio: str) -> dict[str, str]:
    """Grafana dashboards of an Istio release: name -> address, pinned by the release's tag."""
    minor = facts_of(istio).minor
    mesh, pilot = ".gen" if minor >= 24 else "", ".gen" if minor >= 23 else ""
    files = {
        "mesh": f"istio-mesh-dashboard{mesh}",
        "service": "istio-service-dashboard",
        "workload": "istio-workload-dashboard",
        "control-plane": f"pilot-dashboard{pilot}",
    }
    folder = f"https://raw.githubusercontent.com/istio/istio/{istio}/manifests/addons/dashboards"
    return {name: f"{folder}/{file}.json" for name, file in files.items()}
