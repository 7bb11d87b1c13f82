"""AuthorizationPolicy objects of the ingress gateway: each listener serves the addresses on its list alone.

They deny all others, because an ALLOW for one listener would close all listeners that have none.
"""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.gateways import IngressListener, Server
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.gateways import gateway_selector
from pi_mesh.values.traffic.istio_object import VERSIONS

POLICY = "AuthorizationPolicy"


def allow_lists(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield the policy of each listener of a namespace with a list, in the gateway's namespace."""
    release = settings.releases.names.ingress
    for name, listener in settings.traffic.gateways.items():
        if listener.allow_addresses and settings.namespace_of(listener) == namespace.name:
            # Also with the label `app`: in the root namespace a policy selects pods of every namespace.
            selector = {"matchLabels": {"app": release, **gateway_selector(release)}}
            rules = [_rule(settings, listener, server) for server in listener.servers]
            yield {
                "apiVersion": VERSIONS[POLICY],
                "kind": POLICY,
                "metadata": {"name": f"{name}-addresses", "namespace": settings.ingress_namespace},
                "spec": {"selector": selector, "action": "DENY", "rules": rules},
            }


def shares_its_port(settings: Settings, listener: IngressListener, server: Server) -> bool:
    """Return True if clients may reach another listener on the same port from other addresses."""
    return any(
        other is not listener
        and set(other.allow_addresses) != set(listener.allow_addresses)
        and server.number in {one.number for one in other.servers}
        for other in settings.traffic.gateways.values()
    )


def _rule(settings: Settings, listener: IngressListener, server: Server) -> Object:
    """Return the rule for a port; its hosts tell it from other listeners of that port, where there are any."""
    operation: Object = {"ports": [str(server.number)]}
    rule: Object = {"from": [{"source": {"notRemoteIpBlocks": list(listener.allow_addresses)}}]}
    if shares_its_port(settings, listener, server):
        if server.family == "TLS":
            rule["when"] = [{"key": "connection.sni", "values": list(listener.hosts)}]
        else:
            operation["hosts"] = [form for host in listener.hosts for form in (host, f"{host}:*")]
    return {**rule, "to": [{"operation": operation}]}
