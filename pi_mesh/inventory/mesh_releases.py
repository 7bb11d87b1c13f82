"""The releases of a mesh: Istio's base, istiods and gateways, cert-manager and the observability addons."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from pi_mesh import names
from pi_mesh.addons import Addon
from pi_mesh.catalog import cert_manager as catalog
from pi_mesh.catalog.footprint import GATEWAY, ISTIOD
from pi_mesh.catalog.istio import gateway_chart, numbers_of
from pi_mesh.inventory.release import Kind, Release, Workload, surge_pods
from pi_mesh.names import REVISION_LABEL
from pi_mesh.settings import Settings
from pi_mesh.settings.gateway import GatewaySettings
from pi_mesh.settings.istio import DEFAULT_REVISION, CanarySettings
from pi_mesh.settings.releases import ChartSettings
from pi_mesh.settings.scheduling import Autoscaling
from pi_mesh.values import cert_manager, gateway, istio
from pi_mesh.values.placement import mesh_context
from pi_mesh.values.traffic.gateways import gateway_labels


def canary_release(first: Release, settings: Settings, canary: CanarySettings, root: str | None) -> Release:
    """Return the release of the second control plane, whose Deployment the chart names after the revision."""
    name = f"{names.ISTIOD}-{canary.revision}"
    labels = {"app": names.ISTIOD, REVISION_LABEL: canary.revision}
    (istiod,) = first.workloads
    return replace(
        first,
        kind=Kind.CANARY,
        name=f"{first.name}-{canary.revision}",
        component=name,
        version=canary.version,
        typed=istio.canary_values(settings, canary.revision, root),
        workloads=(replace(istiod, name=name, title=f"istiod {canary.revision}", selector=labels),),
    )


GATEWAYS = {"ingress": names.INGRESS, "egress": names.EGRESS}
"""Component name of each gateway, which stays the same if the release is renamed."""


def istio_releases(settings: Settings, load_balancers: Collection[str], root: str | None) -> Iterator[Release]:
    """Yield the releases in the order of their installation; the arguments are those of `mesh_inventory`."""
    called, canary = settings.releases.names, settings.istio.canary
    of_istio = partial(
        Release,
        namespace=settings.istio.namespace,
        version=settings.istio.version,
        source=settings.charts,
        source_setting="charts.source",
    )
    yield of_istio(
        kind=Kind.BASE,
        name=called.base,
        component=names.BASE,
        chart="base",
        # The CRDs serve both control planes (istio.io/latest/docs/setup/upgrade/canary).
        version=max(settings.istio.version, canary.version if canary else "0", key=numbers_of),
        setting="base",
        typed=istio.base_values(settings),
        extra=settings.base.values,
    )
    first = of_istio(
        kind=Kind.ISTIOD,
        name=called.istiod,
        component=names.ISTIOD,
        chart="istiod",
        setting="istio",
        typed=istio.istiod_values(settings, root),
        extra=settings.istio.values,
        workloads=(_istiod(settings),),
    )
    yield first
    if canary:
        yield canary_release(first, settings, canary, root)
    for setting, (name, branch) in gateways(settings).items():
        if branch.enabled:
            yield of_istio(
                kind=Kind.GATEWAY,
                name=name,
                component=GATEWAYS[setting],
                namespace=gateway_namespace(settings, setting),
                chart="gateway",
                version=gateway_chart(settings.istio.version),
                images=settings.istio.version,
                setting=setting,
                typed=gateway.helm_values(settings, name, branch, setting in load_balancers),
                extra=branch.values,
                workloads=(_gateway(settings, setting, name, branch),),
            )


def gateways(settings: Settings) -> dict[str, tuple[str, GatewaySettings]]:
    """Return the release name and settings of each gateway, enabled or not, by the key of its branch."""
    called = settings.releases.names
    return {"ingress": (called.ingress, settings.ingress), "egress": (called.egress, settings.egress)}


def gateway_namespace(settings: Settings, setting: str) -> str:
    """Return the namespace of a gateway, by the key of its branch."""
    return settings.ingress_namespace if setting == "ingress" else settings.istio.namespace


def _istiod(settings: Settings) -> Workload:
    own, selector = settings.istio, {"app": names.ISTIOD}
    if own.canary:  # the other istiod's pods have the label app=istiod too
        selector[REVISION_LABEL] = DEFAULT_REVISION
    pods = _pods(own.autoscaling, own.pilot_replicas)
    return Workload(names.ISTIOD, own.namespace, "istiod", "istio", own.resources, selector, **pods, growth=ISTIOD)


def _gateway(settings: Settings, setting: str, name: str, own: GatewaySettings) -> Workload:
    return Workload(
        name,
        gateway_namespace(settings, setting),
        f"{setting} gateway",
        setting,
        own.resources,
        {"app": gateway_labels(name, own)["app"]},
        **_pods(own.autoscaling, own.replicas),
        service_type=own.service.type,
        growth=GATEWAY,
    )


def _pods(autoscaling: Autoscaling, replicas: int) -> dict[str, Any]:
    """Return the fields of a workload that the autoscaler decides."""
    pods = autoscaling.most(replicas)
    return {"pods": pods, "surge": surge_pods(pods), "autoscaled": autoscaling.enabled}


def addon_releases(settings: Settings) -> Iterator[Release]:
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
