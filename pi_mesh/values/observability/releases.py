"""The releases of the observability charts."""

from pi_mesh.catalog import addons
from pi_mesh.settings import Settings
from pi_mesh.values import extra
from pi_mesh.values.observability import grafana, jaeger, kiali, prometheus
from pi_mesh.values.releases import HelmRelease, PinnedRelease

BUILDERS = {
    "prometheus": prometheus.helm_values,
    "kiali": kiali.helm_values,
    "grafana": grafana.helm_values,
    "jaeger": jaeger.helm_values,
}


def releases(settings: Settings) -> list[PinnedRelease]:
    """Those that are switched on, named after the addon.

    Raises SettingsError where extra values contradict typed settings.
    """
    wanted = dict(settings.observability.enabled())
    typed = {name: BUILDERS[name](settings) for name in wanted}
    extra.refuse(
        line
        for name, addon in wanted.items()
        for line in extra.contradictions(typed[name], addon.values, f"observability.{name}.values")
    )
    return [
        PinnedRelease(
            HelmRelease(name, addons.CHARTS[name], extra.merge(typed[name], addon.values)),
            _version(settings, name),
            settings.observability.charts or addons.REPOSITORIES[name],
        )
        for name, addon in wanted.items()
    ]


def _version(settings: Settings, name: str) -> str:
    return getattr(settings.observability, name).version or addons.kiali_for(settings.istio.version)
