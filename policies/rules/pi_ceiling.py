"""No container of ours is larger than a Pi can bear."""

from collections.abc import Iterator, Mapping
from typing import Any

from .quantity import number
from .resource import RELEASE, at, chart, release_values, walk
from .rule import MANDATORY, Bounds, Resource, Rule

CONTAINERS = {"base": (), "istiod": ("pilot.resources", "global.proxy.resources"), "gateway": ("resources",)}
"""Where Istio's charts take their containers' resources from; other charts must name at least one `resources`."""


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    for place, resources in _containers(resource):
        for half in ("requests", "limits"):
            for name in ("cpu", "memory"):
                yield from _judge(f"{place}.{half}.{name}", at(resources, f"{half}.{name}"), bounds[name])


def _judge(place: str, quantity: object, ceiling: str) -> Iterator[str]:
    amount, most = number(quantity), number(ceiling)
    if quantity is None:
        yield f"{place} is not set"
    elif amount is None or most is None:
        yield f"{place} {quantity!r} cannot be compared with {ceiling}"
    elif amount > most:
        yield f"{place} {quantity} is above the ceiling of {ceiling}"


def _containers(resource: Resource) -> Iterator[tuple[str, Any]]:
    if resource.resource_type == RELEASE:
        yield from _of_release(release_values(resource), CONTAINERS.get(chart(resource) or ""))
    for place, value in walk(at(resource.props, "spec.template.spec") or {}):
        if place.startswith(("containers[", "initContainers[")) and place.endswith("]"):
            yield value["name"], value.get("resources", {})


def _of_release(values: Mapping[str, Any], expected: tuple[str, ...] | None) -> Iterator[tuple[str, Any]]:
    found = {place: value for place, value in walk(values) if place.rsplit(".", 1)[-1] == "resources" and value}
    missing = expected if expected is not None else () if found else ("resources",)
    yield from found.items()
    yield from ((place, {}) for place in missing if place not in found)


RULE = Rule(
    "pi-ceiling",
    "Every container of ours has requests and limits within the ceiling",
    MANDATORY,
    "one container without a limit takes a 4 GB board down, and every pod on it",
    "lower it: `resources` in istio, proxy, ingress, egress, observability or vault.certManager",
    schema={
        "cpu": {"type": "string", "default": "1", "description": "The most CPU that a container may ask for or use."},
        "memory": {"type": "string", "default": "512Mi", "description": "The most memory, likewise."},
    },
    breaches=breaches,
)
