"""Gateways name their hosts."""

from collections.abc import Iterator

from .resource import at, kind
from .rule import ADVISORY, Bounds, Resource, Rule, strings


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    if kind(resource) != "networking.istio.io/Gateway":
        return
    name = at(resource.props, "metadata.name")
    for number, server in enumerate(at(resource.props, "spec.servers") or []):
        for host in server["hosts"]:
            if host.rsplit("/", 1)[-1] == "*" and name not in bounds["anyHost"]:
                yield f"Gateway {name}: server {number} answers for every host ({host})"


RULE = Rule(
    "gateway-hosts",
    "A Gateway names the hosts that it answers for",
    ADVISORY,
    "with * any namespace's VirtualService can claim a name, but a home cluster may have no names at all",
    "name the hosts in traffic, or list the Gateway's name in the policy config",
    schema={"anyHost": strings([], "Names of Gateways that may answer for every host.")},
    breaches=breaches,
)
