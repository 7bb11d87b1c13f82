"""Containers of the stack are no larger than a Pi can bear."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .resource import chart, is_object, is_release, release_values, unread
from .rule import MANDATORY, Bounds, Resource, Rule, WrongType, bound
from .tree import at, mapping, type_name, walk, within

UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18} | {
    f"{letter}i": 1024**power for power, letter in enumerate("KMGTPE", start=1)
}
_QUANTITY = re.compile(r"(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)(?P<exponent>[eE][+-]?[0-9]+)?(?P<unit>[A-Za-z]*)")


def number(quantity: object) -> float | None:
    """Return the cores or bytes of "100m", "256Mi", "1e3" or 1.5; None for a value that is no quantity."""
    match = _QUANTITY.fullmatch(str(quantity))
    if isinstance(quantity, bool) or not match or match["unit"] not in UNITS or (match["exponent"] and match["unit"]):
        return None
    return float(match["number"] + (match["exponent"] or "")) * UNITS[match["unit"]]


CONTAINERS: Mapping[str, Mapping[str, str | None]] = {
    "base": {},
    "istiod": {"pilot.resources": None, "global.proxy.resources": None},
    "gateway": {"resources": None},
    "prometheus": {
        "server.resources": None,
        "configmapReload.prometheus.resources": "configmapReload.prometheus.enabled",
        "alertmanager.resources": "alertmanager.enabled",
        "kube-state-metrics.resources": "kube-state-metrics.enabled",
        "prometheus-node-exporter.resources": "prometheus-node-exporter.enabled",
        "prometheus-pushgateway.resources": "prometheus-pushgateway.enabled",
    },
    "cert-manager": {
        "resources": None,
        "webhook.resources": "webhook.replicaCount",
        "cainjector.resources": "cainjector.enabled",
        "startupapicheck.resources": "startupapicheck.enabled",
    },
}
"""Place of each container's resources by chart, and its switch, which is on unless it is false or 0."""


def unsized_containers(chart: str | None, values: Mapping[str, Any], sized: Mapping[str, Any]) -> Iterator[str]:
    """Yield the places of containers that run without resources; a chart outside the table has at least one."""
    parts = CONTAINERS.get(chart or "", {} if sized else {"resources": None})
    for place, switch in parts.items():
        if place not in sized and not (switch and _is_off(at(values, switch))):
            yield place


def _is_off(value: object) -> bool:
    # A text "false" is true in a chart's template.
    return not isinstance(value, str) and value is not None and not value


_LISTS = re.compile(r"(?i)(^|\.)\w*(containers|sidecars)$")
_ANNOTATION = re.compile(r"sidecar\.istio\.io/proxy(CPU|Memory)(Limit)?$")
_IN_TEXT = re.compile(r"""\w*[cC]ontainers["']?\s*:\s*(\[\s*\{|-\s)""")


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    if is_release(resource):
        yield from unread(resource)
        for place, resources in _of_release(release_values(resource), chart(resource)):
            yield from _judge_all(place, resources, bounds)
        yield from _everywhere(release_values(resource), bounds)
    elif is_object(resource):
        yield from _everywhere(resource.props, bounds, of_release=False)


def _judge_all(place: str, resources: Any, bounds: Bounds) -> Iterator[str]:
    with within(place):
        for half in ("requests", "limits"):
            for name in ("cpu", "memory"):
                yield from _judge(f"{place}.{half}.{name}", at(resources, f"{half}.{name}"), bounds[name])


def _judge(place: str, quantity: object, ceiling: str) -> Iterator[str]:
    amount, most = number(quantity), number(ceiling)
    if quantity is None:
        yield f"{place} is not set"
    elif amount is None or most is None:
        yield f"{place} {quantity!r} cannot be compared with {ceiling}"
    elif not amount <= most:
        yield f"{place} {quantity} is above the ceiling of {ceiling}"
    elif amount == 0 and ".limits." in place:
        yield f"{place} {quantity} is no limit at all"


def _of_release(values: Mapping[str, Any], name: str | None) -> Iterator[tuple[str, Any]]:
    """Yield each `resources` of the values, and an empty one for each container that has none."""
    tree = dict(walk(values, quiet=True))
    sized = {place: value for place, value in tree.items() if _is_of_container(place, tree)}
    yield from ((place, value or {}) for place, value in sized.items() if not place.endswith("]"))
    yield from ((place, {}) for place in unsized_containers(name, values, sized))


def _is_of_container(place: str, tree: Mapping[str, Any]) -> bool:
    parent, _, last = place.rpartition(".")
    if last != "resources" or _LISTS.search(re.sub(r"(\[[0-9]+\]|\.[^.]+)$", "", parent)):
        return False
    around = tree.get(parent)
    # The rules of a Kubernetes Role have `resources` too, and so has the claim of a volume.
    return not isinstance(around, Mapping) or not ({"verbs", "apiGroups", "accessModes"} & set(around))


def _everywhere(tree: Any, bounds: Bounds, of_release: bool = True) -> Iterator[str]:
    """Yield a breach for each list of containers, and each annotation that sizes a sidecar, anywhere in the tree."""
    for place, value in walk(tree, quiet=not of_release):
        if annotation := _ANNOTATION.search(place):
            yield from _judge(place, value, bounds[annotation[1].lower()])
        elif _LISTS.search(place) and value:
            for name, container in _containers(place, value):
                with within(name):
                    resources = mapping(container, "resources")
                yield from _judge_all(name, resources, bounds)
        elif of_release and isinstance(value, str) and _IN_TEXT.search(value):
            yield f"{place} has containers inside a text, where this rule cannot judge them"


def _containers(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the containers of a list, or of a map by name, each with its name for a message."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number_, container in enumerate(value):
            named = isinstance(container, Mapping) and at(container, "name")
            yield (named if isinstance(named, str) and named else f"{place}[{number_}]"), container
    else:
        raise WrongType(place, type_name(value), "a list of containers")


RULE = Rule(
    "pi-ceiling",
    "Every container of the stack has requests and limits within the ceiling",
    MANDATORY,
    "a single container without a limit can take down a 4 GB board with every pod on it",
    "set or lower `resources` in istio, proxy, ingress, egress, observability or vault.certManager",
    schema={
        "cpu": bound("string", "1", "The most CPU that a container may request or use."),
        "memory": bound("string", "512Mi", "The most memory that a container may request or use."),
    },
    breaches=breaches,
)
