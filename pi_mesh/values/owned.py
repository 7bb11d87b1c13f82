"""The Helm values that typed settings own: an extra value there would undo a setting.

`pi_mesh.values.extra` refuses extra values that differ from a value which the program gives. The keys here are others:
the program leaves them to the charts, because the charts' default is what the typed setting means.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pi_mesh.settings import Settings
from pi_mesh.values.traffic.gateways import gateway_selector
from pi_mesh.values.traffic.retries import retry_policy


class Owned(NamedTuple):
    """A key that an extra value took from a typed setting."""

    path: str
    setting: str
    """Owner of the key, as a phrase."""


MTLS = "mtls.mode, which applies to the whole mesh"
IMAGES = "images.hub and istio.version"
INJECTION = "the label istio-injection, which gives pods of the workloads their sidecars"
ANYTHING = "every typed setting; give each value its own key"
SHADOWS = dict.fromkeys(("defaults", "_internal_defaults_do_not_set"), (ANYTHING, None))
"""Keys under which the charts keep their own defaults."""


def taken(settings: Settings, chart: str, release: str, extra: Mapping[str, object]) -> Iterator[Owned]:
    """Yield the keys that extra values of a release take from typed settings; an equal value takes none."""
    keys = {"istiod": _istiod(settings), "gateway": _gateway(release)}.get(chart, {})
    for path, (setting, same) in keys.items():
        value = _at(extra, path)
        if value is not None and value != same:
            yield Owned(path, setting)


def _istiod(settings: Settings) -> dict[str, tuple[str, object]]:
    """Return the keys, each with its owner and the one harmless value."""
    proxy = settings.proxy
    images = ("pilot.image", "pilot.hub", "pilot.tag", "image", "hub", "tag", "global.proxy.image")
    return {
        **SHADOWS,
        **dict.fromkeys((*images, "global.proxy_init.image"), (IMAGES, None)),
        "meshConfig.rootNamespace": (MTLS, settings.istio.namespace),
        "meshConfig.enableAutoMtls": (MTLS, True),
        "meshConfig.defaultHttpRetryPolicy": ("proxy.defaultRetries", retry_policy(proxy.default_retries)),
        "meshConfig.defaultConfig.holdApplicationUntilProxyStarts": (
            "proxy.holdApplicationUntilProxyStarts",
            proxy.hold_application_until_proxy_starts,
        ),
        "meshConfig.pathNormalization.normalization": ("proxy.pathNormalization", proxy.path_normalization),
        "global.proxy.includeInboundPorts": (MTLS, "*"),
        "global.proxy.excludeInboundPorts": (MTLS, ""),
        "revision": (INJECTION, ""),
    }


def _gateway(release: str) -> dict[str, tuple[str, object]]:
    pods = "the gateway's checks, budget and traffic.gateways, which identify it by its release"
    return {
        **SHADOWS,
        "name": (pods, release),
        "labels.app": (pods, release),
        "labels.istio": (pods, gateway_selector(release)["istio"]),
        "serviceAccount.name": (pods, release),
        "kind": ("replicas and autoscaling, which need a Deployment", "Deployment"),
        "revision": (INJECTION, ""),
    }


def _at(tree: object, path: str) -> object:
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree
