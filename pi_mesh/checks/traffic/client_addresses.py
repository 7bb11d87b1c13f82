"""A listener's list of addresses needs the clients' own addresses, which a Service hides by default.

With the traffic policy `Cluster` kube-proxy replaces the client's address by a node's
(https://kubernetes.io/docs/tutorials/services/source-ip/).
"""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, ok, setting, warning
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import IngressListener
from pi_mesh.values.gateway_service import given_service, topology, traffic_policy

ID = "client addresses"
FIX = "set ingress.service.externalTrafficPolicy: Local"


def check(settings: Settings, _snapshot: Snapshot | None) -> Iterator[Finding]:
    listed = {name: one for name, one in settings.traffic.gateways.items() if one.allow_addresses}
    if listed and not settings.ingress.enabled:
        return
    for name, listener in listed.items():
        if hidden := _hidden(settings, listener):
            message = f"cannot tell clients apart: {hidden}"
            yield error(ID, setting(f"traffic.gateways.{name}.allowAddresses"), message, FIX)
        else:
            yield ok(ID, setting(f"traffic.gateways.{name}.allowAddresses"), f"sees the clients' {_source(settings)}")
    if listed:
        yield from _forgeable(settings)


def _hidden(settings: Settings, listener: IngressListener) -> str:
    """Return why the gateway does not see the address of a listener's clients; empty if it does."""
    known = topology(settings)
    if "proxyProtocol" in known:
        return ""
    streams = [server.protocol for server in listener.servers if server.protocol in ("TCP", "TLS")]
    if known.get("numTrustedProxies") and not streams:
        return ""
    if settings.ingress.service.type == "ClusterIP" or traffic_policy(settings.ingress) == "Local":
        return ""
    more = f" (trustedProxies does not help: {streams[0]} has no X-Forwarded-For)" if known and streams else ""
    return f"the gateway's Service has the traffic policy Cluster, which hides their addresses{more}"


def _source(settings: Settings) -> str:
    known = topology(settings)
    if "proxyProtocol" in known:
        return "addresses by the PROXY protocol"
    return "addresses by X-Forwarded-For" if known.get("numTrustedProxies") else "own addresses"


def _forgeable(settings: Settings) -> Iterator[Finding]:
    """Yield a warning where anybody can reach the gateway past the proxies that it believes."""
    service, known = settings.ingress.service, topology(settings)
    bounded = service.source_ranges or given_service(settings.ingress).get("loadBalancerSourceRanges")
    if known and not bounded and service.type != "ClusterIP":
        key = "ingress.trustedProxies" if known.get("numTrustedProxies") else "ingress.proxyProtocol"
        message = "believes what a client says of its own address, if it reaches the gateway past the proxy"
        fix = "admit the proxies alone, by ingress.service.sourceRanges or your firewall"
        yield warning(ID, setting(key), message, fix)
