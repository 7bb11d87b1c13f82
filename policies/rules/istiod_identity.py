"""Helm values of istiod do not switch off how proxies, roots and the injector are told."""

from collections.abc import Iterator, Mapping, Sized
from typing import Any

from .resource import anywhere, chart, release_values
from .rule import MANDATORY, Bounds, Resource, Rule
from .tree import at, items, mapping

OWN_TEMPLATE = "mesh-root"
"""Template that gives proxies the root of a CA outside istiod."""
NEEDED = {
    "env.XDS_AUTH": ("true", "istiod would answer proxies that prove nothing"),
    "env.PILOT_ENABLE_XDS_IDENTITY_CHECK": ("true", "a proxy could ask for another workload's configuration"),
    "env.PILOT_SKIP_VALIDATE_TRUST_DOMAIN": ("false", "workloads of other trust domains would be believed"),
    "meshConfig.caCertificates": (None, "a further root would be trusted"),
    "meshConfig.trustDomainAliases": (None, "workloads of other trust domains would be believed"),
    "global.caAddress": ("", "another CA would sign the mesh's certificates"),
    "global.remotePilotAddress": ("", "proxies would obey another control plane"),
    "istiodRemote.injectionURL": ("", "all new pods would be sent to another injector"),
    "global.proxy.privileged": ("false", "every sidecar would be privileged"),
    "global.proxy.includeIPRanges": ("*", "connections to other addresses would pass the sidecar by"),
    "sidecarInjectorWebhook.templates": (None, "another template would make the sidecars"),
}
"""Values by path: the harmless one, None where there is none, and what any other does
(pilot/pkg/features of Istio, and the chart's values.yaml)."""


def breaches(resource: Resource, _: Bounds) -> Iterator[str]:
    if chart(resource) != "istiod":
        return
    values = release_values(resource)
    for path, (harmless, effect) in NEEDED.items():
        for place, value in anywhere(values, path):
            if not _is_bounded(values, path, place) and (harmless is None or str(value).lower() != harmless):
                yield f"{place}: {effect}"


def _is_bounded(values: Mapping[str, Any], path: str, place: str) -> bool:
    """Return True for roots of one signer each, for the program's own template alone, and for an empty value."""
    if path == "meshConfig.caCertificates":
        return all(at(entry, "certSigners") for entry in items(values, place))
    if path == "sidecarInjectorWebhook.templates":
        return {*mapping(values, place)} <= {OWN_TEMPLATE}
    value = at(values, place)
    return isinstance(value, Sized) and len(value) == 0


RULE = Rule(
    "istiod-identity",
    "istiod tells proxies, roots and the injector apart as Istio ships it",
    MANDATORY,
    "one such value takes the meaning from every other rule about identities",
    "remove the value; where it is meant, make this rule advisory in the policy config",
    breaches=breaches,
)
