"""Istio's objects of the workloads' traffic, and those of its listeners at the ingress gateway, as plain dicts."""

from collections.abc import Callable, Iterator, Mapping

from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.values import telemetry
from pi_mesh.values.objects import Item, Object, own
from pi_mesh.values.traffic import authorization, external, gateway_api, gateways, routes


def objects(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield a namespace's objects of `traffic`, each after those that it refers to.

    Its listeners' guards come before them, and its listeners and its default deny after them.
    """
    traffic = settings.traffic

    def each(build: Callable[[Settings, str, Item], Object], items: Mapping[str, Item]) -> Iterator[Object]:
        return (build(settings, name, item) for name, item in own(settings, namespace, items).items())

    for name, service in own(settings, namespace, traffic.external).items():
        yield from external.external_objects(settings, name, service)
    yield from each(routes.destination_rule, traffic.destinations)
    yield from gateways.certificates(settings, namespace)
    if traffic.api == "gateway":
        yield from gateway_api.redirects(settings, namespace)
        yield from gateway_api.routes(settings, namespace)
    else:
        yield from each(routes.canary, traffic.canaries)
        yield from each(routes.route, traffic.routes)
    yield from routes.default_routes(settings, namespace.name)
    yield from each(authorization.legacy, traffic.legacy)
    yield from each(authorization.tokens, traffic.authorization.tokens)
    yield from each(authorization.policy, authorization.policies(settings, namespace))
    yield from authorization.audited(settings, namespace)
    yield from telemetry.namespace_telemetry(settings, namespace)


def listeners(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield the Gateway of each of a namespace's listeners."""
    build = gateway_api.gateway if settings.traffic.api == "gateway" else gateways.gateway
    items = own(settings, namespace, settings.traffic.gateways).items()
    return (build(settings, name, listener) for name, listener in items)


def stages(settings: Settings) -> tuple[tuple[Object, ...], tuple[Object, ...]]:
    """Return all objects of all namespaces, the default denies apart."""
    namespaces = settings.workload_namespaces
    first = (item for namespace in namespaces for item in gateways.guards(settings, namespace))
    rest = (item for space in namespaces for item in (*objects(settings, space), *listeners(settings, space)))
    return (*first, *rest), tuple(item for namespace in namespaces for item in authorization.default_deny(namespace))
