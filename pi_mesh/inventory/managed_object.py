"""The Kubernetes objects that the program itself creates, besides those of the Helm releases."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pi_mesh.inventory import mesh_releases
from pi_mesh.settings import Settings
from pi_mesh.values import cert_manager, network_policies, objects, observability, telemetry, traffic
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic import authorization, gateways


@dataclass(frozen=True)
class ManagedObject:
    """One object, and the name of the component that registers it."""

    component: str
    """Name of the component, such as "istio", "cert-manager", "ingress", "mesh-mtls" or "namespaces.NAME"."""
    manifest: Object
    setting: str = ""
    """Key of the branch whose `adopt` takes over an existing namespace; empty for objects that cannot be adopted."""
    adopted: bool = False
    """True for an adopted namespace: it keeps the labels of its owner and stays on `pulumi destroy`."""
    first: bool = False
    """True for an object that must come before the component's other objects: the guards of a listener,
    or what a pod of the component mounts."""
    last: bool = False
    """True for an object that must come after the component's other objects: a default deny, a NetworkPolicy."""
    opens: bool = False
    """True for a listener: it comes after the routes of all namespaces, and goes before them."""

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        metadata = self.manifest["metadata"]
        assert isinstance(metadata, dict)
        return metadata["name"]


def managed_objects(settings: Settings, stack: str) -> Iterator[ManagedObject]:
    """Yield all objects; within a component each object comes after those that it refers to."""
    yield from _namespaces(settings, stack)
    yield from _of("revision-tag", objects.tag_webhooks(settings, stack))
    yield ManagedObject("mesh-mtls", objects.peer_authentication(settings))
    for namespace in settings.workload_namespaces:
        yield from _of(namespace.setting, objects.bounds(settings, namespace))
        component = namespace.traffic_component
        # Without them the Gateways would serve everybody at first.
        yield from _of(component, gateways.guards(settings, namespace), first=True)
        yield from _of(component, traffic.objects(settings, namespace))
        yield from (ManagedObject(component, item, opens=True) for item in traffic.listeners(settings, namespace))
        # Before the allow policies it would cut off callers.
        yield from _of(component, authorization.default_deny(namespace), last=True)
        if settings.network_policies.enabled and namespace.own.injection:
            yield from _of(component, network_policies.of_namespace(settings, namespace), last=True)
    if settings.network_policies.enabled:
        # They are last, so that what they admit, in whatever namespace, is there.
        yield from _of("traffic", network_policies.of_mesh(settings), last=True)
    # Grafana's pod does not start without its dashboards.
    yield from _of("observability", observability.dashboard_config_maps(settings), first=True)
    yield from _of("observability", (*telemetry.tracing_telemetry(settings), *_gateway_logs(settings)))
    yield from _of("observability", observability.operator_objects(settings))
    if settings.ca.issuer:
        yield ManagedObject("mesh-issued-ca", cert_manager.certificate(settings))
    if settings.vault.external_signer:
        yield from _of("mesh-signer", (*cert_manager.rights(settings), cert_manager.issuer(settings)))


def _gateway_logs(settings: Settings) -> Iterator[Object]:
    if settings.observability.access_logs.gateways:
        for setting, (name, gateway) in mesh_releases.gateways(settings).items():
            if gateway.enabled:
                namespace = mesh_releases.gateway_namespace(settings, setting)
                yield telemetry.gateway_telemetry(settings, namespace, name, gateways.gateway_selector(name, gateway))


def _namespaces(settings: Settings, stack: str) -> Iterator[ManagedObject]:
    istio, edge = settings.istio, settings.ingress_namespace
    manifest = objects.namespace_object(istio.namespace, stack, {}, istio.adopt)
    yield ManagedObject("istio", manifest, "istio", istio.adopt)
    if settings.vault.external_signer and settings.vault.cert_manager.install:
        name = settings.vault.cert_manager.namespace
        yield ManagedObject("cert-manager", objects.namespace_object(name, stack, objects.NO_INJECTION))
    if settings.ingress.enabled and edge != istio.namespace:
        # Without an injection label: the gateway's pod has its own.
        yield ManagedObject("ingress", objects.namespace_object(edge, stack, {}))
    for namespace in settings.workload_namespaces:
        manifest = objects.workload_namespace(namespace, stack)
        yield ManagedObject(namespace.setting, manifest, namespace.setting, namespace.own.adopt)


def _of(
    component: str, manifests: Iterable[Object], *, first: bool = False, last: bool = False
) -> Iterator[ManagedObject]:
    return (ManagedObject(component, manifest, first=first, last=last) for manifest in manifests)
