"""The releases of Istio itself: base, istiod and the gateways."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial

from pi_mesh import names
from pi_mesh.catalog.footprint import GATEWAY, ISTIOD, Growth
from pi_mesh.catalog.istio import gateway_chart
from pi_mesh.inventory import canary
from pi_mesh.inventory.release import Kind, Release, Workload, surge_pods
from pi_mesh.model.resources import Autoscaling, ResourceProfile
from pi_mesh.names import REVISION_LABEL
from pi_mesh.settings import Settings
from pi_mesh.settings.gateway import GatewaySettings
from pi_mesh.settings.revisions import FIRST
from pi_mesh.values import gateway, istio

GATEWAYS = {"ingress": names.INGRESS, "egress": names.EGRESS}
"""Component name of each gateway, which stays the same if the release is renamed."""


def releases(settings: Settings, load_balancers: Collection[str], root: str | None) -> Iterator[Release]:
    """Yield the releases in the order of their installation; the arguments are those of `pi_mesh.inventory.of`."""
    called = settings.releases.names
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
        version=canary.newest(settings),
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
    if settings.istio.canary:
        yield canary.beside(first, settings, settings.istio.canary, root)
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
    own = settings.istio
    workload = _workload(
        settings, names.ISTIOD, "istiod", "istio", own.pilot_replicas, own.autoscaling, own.resources, ISTIOD
    )
    # The other istiod's pods have the label app=istiod too.
    return replace(workload, selector={**workload.selector, REVISION_LABEL: FIRST}) if own.canary else workload


def _gateway(settings: Settings, setting: str, name: str, own: GatewaySettings) -> Workload:
    title = f"{setting} gateway"
    placed = _workload(
        settings, name, title, setting, own.replicas, own.autoscaling, own.resources, GATEWAY, own.service.type
    )
    return replace(placed, namespace=gateway_namespace(settings, setting))


def _workload(
    settings: Settings,
    name: str,
    title: str,
    setting: str,
    replicas: int,
    autoscaling: Autoscaling,
    resources: ResourceProfile,
    growth: Growth,
    service_type: str = "ClusterIP",
) -> Workload:
    pods = autoscaling.max_replicas if autoscaling.enabled else replicas
    return Workload(
        name,
        settings.istio.namespace,
        title,
        setting,
        resources,
        selector={"app": name},
        pods=pods,
        surge=surge_pods(pods),
        autoscaled=autoscaling.enabled,
        service_type=service_type,
        growth=growth,
    )
