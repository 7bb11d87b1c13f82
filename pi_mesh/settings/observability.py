"""Prometheus, Kiali, Grafana and Jaeger: each off unless asked for, sized for a Pi."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pi_mesh.catalog import addons
from pi_mesh.quantities import Memory
from pi_mesh.settings.base import HelmValues, Model
from pi_mesh.settings.patterns import matching
from pi_mesh.settings.resources import ResourceProfile, profile

ChartVersion = Annotated[str, matching(r"^[0-9]+\.[0-9]+\.[0-9]+$", 'an exact chart version such as "29.27.0"')]


class Addon(Model):
    """One chart with one pod, in the control plane's namespace."""

    surge: ClassVar[int] = 0
    """Further pods in a rollout: none where the old one goes before the new one comes."""
    enabled: bool = False
    """Install it."""
    resources: ResourceProfile
    """Of its one container."""
    values: HelmValues = {}
    """Extra values of its chart, merged last; may not contradict a typed setting."""


class PrometheusSettings(Addon):
    """Metrics: of the mesh alone, since the cluster's own would not fit beside them."""

    version: ChartVersion = addons.PROMETHEUS
    """Of the chart."""
    resources: ResourceProfile = profile("100m", "256Mi", "500m", "512Mi")
    retention: Annotated[str, matching(r"^[1-9][0-9]*[hd]$", 'hours or days such as "24h" or "7d"')] = "24h"
    """How long metrics are kept."""
    scrape_interval: Annotated[str, matching(r"^[1-9][0-9]*[sm]$", 'a time such as "30s" or "1m"')] = "30s"
    """Between two looks at each proxy."""
    storage: Memory | None = None
    """Size of a volume that outlives the pod; without it metrics go with the pod, and spare the SD card."""


class KialiSettings(Addon):
    """The mesh as a picture."""

    surge: ClassVar[int] = 1
    version: ChartVersion | None = None
    """Of the chart; if not given the one that Istio ships beside `istio.version`."""
    resources: ResourceProfile = profile("50m", "128Mi", "200m", "256Mi")


class GrafanaSettings(Addon):
    """Dashboards: Istio's own, of its very version, fetched by the pod when it starts."""

    version: ChartVersion = addons.GRAFANA
    """Of the chart."""
    resources: ResourceProfile = profile("50m", "192Mi", "300m", "384Mi")


class JaegerSettings(Addon):
    """Traces, kept in memory; `proxy.traceSampling` says of how many requests."""

    version: ChartVersion = addons.JAEGER
    """Of the chart."""
    resources: ResourceProfile = profile("50m", "128Mi", "200m", "256Mi")
    max_traces: Annotated[int, Field(ge=100, le=1_000_000)] = 5000
    """Older ones make room for newer."""


class ObservabilitySettings(Model):
    """What shows the mesh at work."""

    charts: str | None = None
    """A directory of packaged charts (NAME-VERSION.tgz); if not given each project's own repository."""
    prometheus: PrometheusSettings = PrometheusSettings()
    kiali: KialiSettings = KialiSettings()
    grafana: GrafanaSettings = GrafanaSettings()
    jaeger: JaegerSettings = JaegerSettings()

    @model_validator(mode="after")
    def metrics_have_a_source(self) -> Self:
        for name, addon in (("kiali", self.kiali), ("grafana", self.grafana)):
            if addon.enabled and not self.prometheus.enabled:
                raise PydanticCustomError(
                    "no_metrics", "{name} shows what Prometheus has; set prometheus.enabled: true too", {"name": name}
                )
        return self

    def enabled(self) -> Iterator[tuple[str, Addon]]:
        """Name and settings of those that are switched on, in the order of their installation. One pod each."""
        for name in addons.CHARTS:
            addon: Addon = getattr(self, name)
            if addon.enabled:
                yield name, addon
