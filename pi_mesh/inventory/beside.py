"""The releases besides Istio: cert-manager for the external signer, and the observability addons."""

from collections.abc import Iterator

from pi_mesh.addons import Addon
from pi_mesh.catalog import cert_manager as catalog
from pi_mesh.inventory.release import Kind, Release, Workload
from pi_mesh.settings import Settings
from pi_mesh.settings.sources import ChartSettings
from pi_mesh.values import cert_manager
from pi_mesh.values.placement import mesh_context


def releases(settings: Settings) -> Iterator[Release]:
    """Yield the enabled releases."""
    if settings.vault.external_signer and settings.vault.cert_manager.install:
        yield _cert_manager(settings)
    for name, addon in settings.observability.enabled().items():
        if addon.is_installed:
            yield _addon(settings, name, addon)


def _cert_manager(settings: Settings) -> Release:
    own, setting = settings.vault.cert_manager, "vault.certManager"
    name = catalog.CHART
    controller = {"app.kubernetes.io/name": name, "app.kubernetes.io/component": "controller"}
    return Release(
        Kind.CERT_MANAGER,
        name,
        own.namespace,
        catalog.CHART,
        own.version,
        ChartSettings(source=own.charts),
        f"{setting}.charts",
        setting,
        cert_manager.helm_values(settings),
        own.values,
        (Workload(name, own.namespace, name, setting, own.resources, controller, surge=1, service_type=None),),
    )


def _addon(settings: Settings, name: str, addon: Addon) -> Release:
    mesh, setting = mesh_context(settings), f"observability.{name}"
    pods = {"app.kubernetes.io/instance": name}
    return Release(
        Kind.ADDON,
        name,
        mesh.namespace,
        addon.chart,
        addon.chart_version(mesh.istio_version),
        ChartSettings(source=settings.observability.charts or addon.repository),
        "observability.charts",
        setting,
        addon.helm_values(mesh),
        addon.values,
        (Workload(name, mesh.namespace, name, setting, addon.resources, pods, surge=addon.surge),),
    )
