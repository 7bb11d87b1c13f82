"""Images of istiod and the proxies come from hubs on the allowed list."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .resource import chart, is_kind, is_object, is_release, release_values, unread
from .rule import MANDATORY, Bounds, Resource, Rule, strings
from .tree import as_text, at, text, walk

NEEDS_HUB = ("istiod", "cni", "ztunnel")
"""Istio's charts with an image of their own; the gateways use istiod's image."""
INJECTOR = "istio-sidecar-injector"
PROXIES = ("istio-proxy", "istio-init", "istio-validation", "discovery")
_IMAGE = re.compile(r"(?i)(^|[._/])(proxy_?image|image(_name)?|image\w*\.repository)$")
_HUB = re.compile(r"(^|\.)hub$")
_REGISTRY = re.compile(r"(?i)(^|[._])(image_?registry|image\w*\.registry)$")
_IN_CONTAINER = re.compile(r"(?i)(containers?|sidecars)(\[[0-9]+\]|\.[^.]+)\.image$")
_IN_TEXT = re.compile(r"""["']?(?:image|[\w./]*proxyImage)["']?\s*:\s*["']?(\{\{.*?\}\}|[^\s"',}]*)""")
_OF_INJECTOR = re.compile(r"auto|\{\{-?\s*\.Proxy(Init)?Image\s*-?\}\}")
"""Image names that istiod fills in from the hub."""


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    if is_release(resource):
        yield from unread(resource)
        yield from _of_release(resource, bounds["hubs"])
    elif is_object(resource):
        yield from _of_object(resource, bounds["hubs"])


def _of_release(resource: Resource, hubs: list[str]) -> Iterator[str]:
    values, name = release_values(resource), chart(resource)
    if name in NEEDS_HUB and at(values, "global.hub") is None:
        yield "global.hub is not set, and the default of the 1.30 charts shuts down in December 2026"
    for place, value in walk(values):
        yield from _of_value(place, value, hubs)
        # Texts of other charts, such as a dashboard's, may mention images that no pod runs.
        if isinstance(value, str) and name in (*NEEDS_HUB, "gateway"):
            yield from _of_text(place, value, hubs)


def _of_object(resource: Resource, hubs: list[str]) -> Iterator[str]:
    of_injector = is_kind(resource, "ConfigMap") and str(at(resource.props, "metadata.name")).startswith(INJECTOR)
    for place, value in walk(resource.props, quiet=True):
        if place.endswith("sidecar.istio.io/proxyImage"):
            yield from _of_value(place, value, hubs)
        elif isinstance(value, str) and of_injector:
            yield from _of_text(place, value, hubs)
        elif isinstance(value, Mapping) and "image" in value and at(value, "name") in PROXIES:
            yield from _of_image(f"{place}.image", text(value, "image") or "", hubs)


def _of_value(place: str, value: Any, hubs: list[str]) -> Iterator[str]:
    of_image, of_hub, of_registry = (bool(name.search(place)) for name in (_IMAGE, _HUB, _REGISTRY))
    if not value or isinstance(value, Mapping) or not (of_image or of_hub or of_registry):
        return
    as_text(value, place)
    is_above_a_hub = any(f"{hub}/".startswith(f"{value}/") for hub in hubs)
    if (of_hub and value not in hubs) or (of_registry and not is_above_a_hub):
        yield f"{place} is {value}"
    # Istio's charts put the hub before a name without a slash; a container's image has none put before it.
    elif of_image and ("/" in value or _IN_CONTAINER.search(place) or place.endswith("_name")):
        yield from _of_image(place, value, hubs)


def _of_text(place: str, value: str, hubs: list[str]) -> Iterator[str]:
    for image in _IN_TEXT.findall(value):
        yield from _of_image(f"an image in {place}", image, hubs)


def _of_image(place: str, image: str, hubs: list[str]) -> Iterator[str]:
    if _OF_INJECTOR.fullmatch(image) or not image:
        return
    if ".." in image or not any(image.startswith(f"{hub}/") for hub in hubs):
        yield f"{place} is {image}"


RULE = Rule(
    "image-hub",
    "istiod names an image hub of the allowed list, and no Helm value names an image from elsewhere",
    MANDATORY,
    "every sidecar's image comes from it; Istio's hubs at Google shut down in December 2026",
    "set images.hub to an allowed hub, or add yours to the policy config after a review",
    schema={"hubs": strings(["docker.io/istio"], "Registry and organisation, as in images.hub.")},
    breaches=breaches,
)
