"""The consequences of changed objects for running pods: the restarts, and the proxies that stay as they are."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from operations.preview.rendered import Objects

WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet")
GATEWAY_TEMPLATE = ("inject.istio.io/templates", "gateway")
"""Annotation of a pod whose proxy istiod's webhook adds, as in a gateway's pod."""
IMAGE = ("hub", "tag", "variant")


@dataclass(frozen=True)
class Consequences:
    """Consequences for workloads, each as `KIND NAMESPACE/NAME`."""

    restarts: tuple[str, ...] = ()
    """Workloads whose pod template changes: a rollout replaces their pods."""
    stale: tuple[str, ...] = ()
    """Gateways whose pods stay, though istiod would now inject another proxy image."""
    proxy: str | None = None
    """Version of the running proxies, where istiod will inject another one."""
    has_new_sidecars: bool = False
    """True where a recreated pod gets a different sidecar from the running one."""
    lost_control_plane: str | None = None
    """Namespace in which running sidecars look for an istiod that is no longer there."""


def of(before: Objects, after: Objects) -> Consequences:
    """Compare the objects of both sides."""
    old, new = _injection(before), _injection(after)
    both = [key for key in _workloads(before) if key in after]
    restarts = tuple(key for key in both if _template(before, key) != _template(after, key))
    if not old or not new or old == new:
        return Consequences(restarts)
    was, now = old["values"].get("global", {}), new["values"].get("global", {})
    proxy = was.get("tag") if any(was.get(key) != now.get(key) for key in IMAGE) else None
    stays = [key for key in _gateways(before) if key in after and key not in restarts]
    namespace = was.get("istioNamespace")
    return Consequences(
        restarts,
        stale=tuple(stays) if proxy else (),
        proxy=proxy,
        has_new_sidecars=True,
        lost_control_plane=namespace if namespace != now.get("istioNamespace") else None,
    )


def _workloads(objects: Objects) -> Iterator[str]:
    return (key for key in objects if key.startswith(WORKLOADS))


def _gateways(objects: Objects) -> Iterator[str]:
    name, value = GATEWAY_TEMPLATE
    for key in _workloads(objects):
        annotations = _template(objects, key).get("metadata", {}).get("annotations") or {}
        if annotations.get(name) == value:
            yield key


def _template(objects: Objects, key: str) -> dict[str, Any]:
    return _load(objects[key])["spec"]["template"]


def _injection(objects: Objects) -> dict[str, Any] | None:
    """Return the template from which istiod's webhook creates sidecars, wherever istiod is."""
    injector = _config_map(objects, "istio-sidecar-injector")
    if injector is None:
        return None
    mesh = (_config_map(objects, "istio") or {}).get("mesh") or "{}"
    return {
        "templates": injector.get("config"),
        "values": json.loads(injector.get("values") or "{}"),
        "proxyConfig": (_load(mesh) or {}).get("defaultConfig"),
    }


def _config_map(objects: Objects, name: str) -> dict[str, str] | None:
    for key, text in objects.items():
        if key.startswith("ConfigMap ") and key.endswith(f"/{name}"):
            return _load(text).get("data", {})
    return None


def _load(text: str) -> Any:
    return yaml.load(text, yaml.CSafeLoader)
