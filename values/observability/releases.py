"""The releases of the observability charts."""

from dataclasses import dataclass

from facts import addons
from settings import Settings
from values import extra
from values.observability import grafana, jaeger, kiali, prometheus
from values.releases import HelmRelease

BUILDERS = {
    "prometheus": prometheus.helm_values,
    "kiali": kiali.helm_values,
    "grafana": grafana.helm_values,
    "jaeger": jaeger.helm_values,
}


@dataclass(frozen=True)
class AddonRelease:
    """One addon: its release is named after it."""

    release: HelmRelease
    version: str
    """The chart's."""
    source: str
    """A chart repository, or a directory of packaged charts."""


def releases(settings: Settings) -> list[AddonRelease]:
    """Those that are switched on. Raises SettingsError where extra values contradict typed settings."""
    wanted = dict(settings.observability.enabled())
    typed = {name: BUILDERS[name](settings) for name in wanted}
    extra.refuse(
        line
        for name, addon in wanted.items()
        for line in extra.contradictions(typed[name], addon.values, f"observability.{name}.values")
    )
    return [
        AddonRelease(
            HelmRelease(name, addons.CHARTS[name], extra.merge(typed[name], addon.values)),
            _version(settings, name),
            settings.observability.charts or addons.REPOSITORIES[name],
        )
        for name, addon in wanted.items()
    ]


def _version(settings: Settings, name: str) -> str:
    return getattr(settings.observability, name).version or addons.kiali_for(settings.istio.version)
