"""What a change of the rendered objects does to pods that run: which restart, and which keep what they have."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from operations.preview.rendered import Objects

WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet")
GATEWAY_TEMPLATE = ("inject.istio.io/templates", "gateway")
"""The annotation of a pod whose proxy istiod's webhook fills in, as in a gateway's."""
IMAGE = ("hub", "tag", "variant")


@dataclass(frozen=True)
class Consequences:
    """Workloads as `KIND NAMESPACE/NAME`."""

    restarts: tuple[str, ...] = ()
    """Those whose pod template changes: a rollout replaces their pods."""
    stale: tuple[str, ...] = ()
    """Gateways whose pods stay, though istiod would now inject another proxy image."""
    proxy: str | None = None
    """The version of the proxies that run now, where istiod injects another one from now on."""
    has_new_sidecars: bool = False
    """True where a pod that is made anew gets another sidecar than the running one has."""
    lost_control_plane: str | None = None
    """The namespace in which running sidecars look for an istiod that is no longer there."""


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
    """Return what istiod's webhook makes sidecars of, wherever istiod is."""
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
