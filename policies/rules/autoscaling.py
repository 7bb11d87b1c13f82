"""Autoscalers are off, or bounded."""

from collections.abc import Iterator, Mapping
from typing import Any

from .resource import chart, is_kind, is_release, release_values, unread
from .rule import MANDATORY, Bounds, Resource, Rule, bound
from .tree import amount, at, walk, within

SWITCHES = {
    "istiod": ("pilot.autoscaleEnabled", "pilot.autoscaleMax"),
    "gateway": ("autoscaling.enabled", "autoscaling.maxReplicas"),
}
MAXIMA = {
    "autoscaling/HorizontalPodAutoscaler": ("spec.maxReplicas", None),
    "keda.sh/ScaledObject": ("spec.maxReplicaCount", 100),
}
"""Fields with the most pods of an autoscaler's object, and the default of each."""


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    ceiling = bounds["maxReplicas"]
    for kind, (place, unset) in MAXIMA.items():
        if is_kind(resource, kind):
            yield from _bounded(place, resource.props, ceiling, unset)
    if not is_release(resource):
        return
    yield from unread(resource)
    values, name = release_values(resource), chart(resource) or ""
    if name in SWITCHES:
        yield from _of_istio(values, *SWITCHES[name], ceiling)
    else:
        yield from _of_others(values, ceiling)


def _of_istio(values: Mapping[str, Any], switch: str, maximum: str, ceiling: int) -> Iterator[str]:
    if (is_on := at(values, switch)) is None:
        yield f"{switch} is not set, and the chart's own is on with 5 replicas"
    elif is_on is not False:
        yield from _bounded(maximum, values, ceiling, 5)


def _of_others(values: Mapping[str, Any], ceiling: int) -> Iterator[str]:
    """Yield a breach for each map `autoscaling` that is on; other charts have autoscaling off by default."""
    for place, value in walk(values):
        if place.rpartition(".")[2] != "autoscaling" or not value:
            continue
        with within(place):
            if at(value, "enabled"):
                yield from (f"{place}.{breach}" for breach in _bounded("maxReplicas", value, ceiling))


def _bounded(place: str, tree: Any, ceiling: int, unset: int | None = None) -> Iterator[str]:
    most = amount(tree, place)
    if most is None:
        yield f"{place} is not set" + (f", and the default is {unset}" if unset else "")
    elif not most <= ceiling:
        yield f"{place} {most:g} is above {ceiling:g}"


RULE = Rule(
    "bounded-autoscaling",
    "Autoscalers are off or bounded",
    MANDATORY,
    "a load peak would otherwise fill the Pis with gateways and starve the workloads",
    "set autoscaling.enabled to false, or lower autoscaling.maxReplicas",
    schema={"maxReplicas": bound("integer", 3, "The most pods of an autoscaler.", minimum=1)},
    breaches=breaches,
)
