"""Gateways name their hosts."""

from collections.abc import Iterator
from typing import Any

from .resource import is_kind
from .rule import ADVISORY, Bounds, Resource, Rule, strings
from .tree import at, items, text, texts, within


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    name, namespace = text(resource.props, "metadata.name"), at(resource.props, "metadata.namespace")
    if {name, f"{namespace}/{name}"} & set(bounds["anyHost"]):
        return
    if is_kind(resource, "networking.istio.io/Gateway"):
        openings = _of_istio(resource.props)
    elif is_kind(resource, "gateway.networking.k8s.io/Gateway"):
        named = [entry for entry in items(resource.props, "spec.listeners") if text(entry, "protocol") != "TCP"]
        openings = _unnamed("listener", "hostname", named)
    elif is_kind(resource, "networking.k8s.io/Ingress"):
        rules = list(_unnamed("rule", "host", items(resource.props, "spec.rules")))
        behind = at(resource.props, "spec.defaultBackend")
        openings = [*rules, "spec.defaultBackend answers for every host"] if behind else rules
    else:
        return
    kind = at(resource.props, "kind") or resource.resource_type.rpartition(":")[2]
    yield from (f"{kind} {name}: {what}" for what in openings)


def _of_istio(props: Any) -> Iterator[str]:
    for number, server in enumerate(items(props, "spec.servers")):
        with within(f"spec.servers[{number}]"):
            hosts = texts(server, "hosts")
            if text(server, "port.protocol") == "TCP":
                continue  # TCP carries no host, and Istio wants a * there
        if not hosts:
            yield f"server {number} names no host"
        for host in hosts:
            if host.rpartition("/")[2].strip() in ("*", ""):
                yield f"server {number} answers for every host ({host})"


def _unnamed(what: str, key: str, entries: Any) -> Iterator[str]:
    for number, entry in enumerate(entries):
        with within(f"{what} {number}"):
            host = text(entry, key)
        if host in (None, "", "*"):
            yield f"{what} {number} answers for every host"


RULE = Rule(
    "gateway-hosts",
    "A Gateway names the hosts that it answers for",
    ADVISORY,
    "with *, a VirtualService of any namespace can claim a name; advisory, because a home cluster may have no names",
    "name the hosts in traffic, or list the Gateway's name in the policy config",
    schema={"anyHost": strings([], "Gateways that may answer for every host, as NAME or NAMESPACE/NAME.")},
    breaches=breaches,
)
