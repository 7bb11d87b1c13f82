"""Istio's objects of the trading namespace, as plain dicts."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from pi_mesh.settings import Settings
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic import authorization, destinations, external, gateways, orders, routes

T = TypeVar("T")


def objects(settings: Settings) -> Iterator[Object]:
    """Yield every object of `traffic` except the default deny; each object comes after those that it refers to."""
    traffic = settings.traffic
    for name, wanted in traffic.external.items():
        yield from external.external(settings, name, wanted)
    yield from _each(settings, destinations.destination_rule, traffic.destinations)
    yield from _each(settings, gateways.gateway, traffic.gateways)
    yield from _each(settings, routes.canary, traffic.canaries)
    yield from _each(settings, routes.route, traffic.routes)
    yield from orders.default_routes(settings)
    yield from _each(settings, authorization.legacy, traffic.legacy)
    yield from _each(settings, authorization.policy, authorization.policies(settings))


def last_objects(settings: Settings) -> Iterator[Object]:
    """Yield the default deny, which must follow all `objects`: before the allow policies it would cut off callers."""
    if settings.traffic.authorization.default_deny.enabled:
        yield authorization.default_deny(settings)


def stages(settings: Settings) -> tuple[tuple[Object, ...], tuple[Object, ...]]:
    """Return `objects` and `last_objects`."""
    return tuple(objects(settings)), tuple(last_objects(settings))


def _each(settings: Settings, build: Callable[[Settings, str, T], Object], wanted: Mapping[str, T]) -> Iterator[Object]:
    return (build(settings, name, one) for name, one in wanted.items())
