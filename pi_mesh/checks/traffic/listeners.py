"""The ingress gateway must be able to listen on each port of a listener, and to tell the clients of listeners apart."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from pi_mesh.checks.finding import Finding, Subject, error, ok, refused_next, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.selectors import matches
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import IngressListener, Server
from pi_mesh.values.gateway_service import given_service, reached_ports, topology, traffic_policy
from pi_mesh.values.traffic.gateways import gateway_labels

ID = "listeners"
PRIVILEGED = 1024
SYSCTL = "net.ipv4.ip_unprivileged_port_start"


class _Entry(NamedTuple):
    """One port of a listener."""

    name: str
    listener: IngressListener
    server: Server

    @property
    def title(self) -> str:
        return f"{self.name} ({self.server.protocol})"

    @property
    def key(self) -> Subject:
        return setting(f"traffic.gateways.{self.name}.{self.server.key}")


def _entries(settings: Settings) -> list[_Entry]:
    listeners = settings.traffic.gateways.items()
    return [_Entry(name, listener, server) for name, listener in listeners for server in listener.servers]


def check_ports(observation: Observation) -> Iterator[Finding]:
    reached, lowest = _ports(observation), _lowest_port(observation.settings)
    shown = ", ".join(map(str, sorted(reached)))
    for entry in _entries(observation.settings):
        number = entry.server.number
        if number not in reached:
            message = f"is {number}, which no Service of the ingress gateway has, so no client can reach it"
            fix = f"use one of {shown}, or add the port to ingress.values.service.ports, or remove that list"
            yield error(ID, entry.key, message, fix)
        if lowest and number < lowest:
            message = f"is {number}, and with ingress.values.securityContext the gateway listens from {lowest} on"
            yield warning(ID, entry.key, message, f'add the sysctl {SYSCTL} with value "0", or remove securityContext')


def _lowest_port(settings: Settings) -> int | None:
    """Return the lowest port on which the gateway may listen; None for any, as the chart's pod has the sysctl."""
    values = settings.ingress.values
    pod, container = values.get("securityContext"), values.get("containerSecurityContext")
    if not isinstance(pod, Mapping) or (isinstance(container, Mapping) and container.get("runAsUser") == 0):
        return None
    sysctls = (sysctl for sysctl in pod.get("sysctls") or () if isinstance(sysctl, Mapping))
    start = next((str(sysctl.get("value")) for sysctl in sysctls if sysctl.get("name") == SYSCTL), str(PRIVILEGED))
    return int(start) if start.isdecimal() else PRIVILEGED


def _ports(observation: Observation) -> set[int]:
    """Return the ports of the gateway's own Service, and of other Services in its namespace that lead to its pods."""
    name = observation.settings.releases.names.ingress
    reached = reached_ports(observation.settings, name, observation.settings.ingress)
    pods = gateway_labels(name, observation.settings.ingress)
    for other in observation.snapshot.services if observation.snapshot else ():
        leads_here = bool(other.selector) and matches(other.selector, pods)
        if other.namespace == observation.settings.ingress_namespace and other.name != name and leads_here:
            reached |= {*other.ports}
    return reached


SHARED_PORTS = "shared ports"
SINCE_EVER = ("HTTP", "HTTPS")
"""Protocols of listeners that running stacks may have: their conflicts are warnings for one version."""


def check_shared_ports(observation: Observation) -> Iterator[Finding]:
    by_port: dict[int, list[_Entry]] = defaultdict(list)
    for entry in _entries(observation.settings):
        by_port[entry.server.number].append(entry)
    for entries in by_port.values():
        for first, second in combinations(entries, 2):
            yield from _pair(first, second)
    yield from _issuers(observation.settings)


def _pair(first: _Entry, second: _Entry) -> Iterator[Finding]:
    both, port = f"{first.title} and {second.title}", second.server.number
    families = {first.server.family, second.server.family}
    same_hosts = sorted({*first.listener.hosts} & {*second.listener.hosts})
    if len(families) > 1 or families == {"TCP"}:
        message = f"is {port}, which {both} cannot share: Istio serves only one of them"
        yield _refused(message, "give one of them a port of its own", first, second)
    elif families == {"TLS"} and same_hosts:
        message = f"is {port}, on which {both} both have host {same_hosts[0]}: Istio serves only one of them"
        yield _refused(message, "name other hosts, or merge them into one", first, second)
    elif {*first.listener.allow_addresses} != {*second.listener.allow_addresses}:
        yield from _vague(first, second)
        yield from _vague(second, first)


def _refused(message: str, fix: str, first: _Entry, second: _Entry) -> Finding:
    known = {first.server.protocol, second.server.protocol} <= {*SINCE_EVER}
    return (refused_next if known else error)(SHARED_PORTS, second.key, message, fix)


def _vague(entry: _Entry, other: _Entry) -> Iterator[Finding]:
    """Yield an error for a host by which no rule can tell the listener from the other one."""
    # The Host header of plain HTTP may carry a port behind the domain that a `*.` ends with.
    plain = entry.server.family == "HTTP"
    vague = [host for host in entry.listener.hosts if host == "*" or (host.startswith("*") and plain)]
    if vague and entry.listener.allow_addresses:
        shared = f"which it shares with {other.name}, whose addresses differ: no rule tells their requests apart"
        message = f"has host {vague[0]} on port {entry.server.number}, {shared}"
        fix = "name the hosts, give the listener a port of its own, or equal addresses"
        yield error(SHARED_PORTS, setting(f"traffic.gateways.{entry.name}.allowAddresses"), message, fix)


def _issuers(settings: Settings) -> Iterator[Finding]:
    tls = (listener.tls for listener in settings.traffic.gateways.values() if listener.tls)
    issuers = dict.fromkeys((certificate.secret, certificate.issuer) for certificate in tls)
    for secret, count in Counter(secret for secret, _ in issuers).items():
        if count > 1:
            message = f"name different issuers for Secret {secret}, which only one of them can write"
            fix = "give each its own Secret, or all the same tls.issuer"
            yield error(SHARED_PORTS, setting("traffic.gateways"), message, fix)


# A listener's list of addresses, or its limit by address, needs the clients' own, which a Service hides by default.
# With the traffic policy `Cluster` kube-proxy replaces the client's address by a node's
# (https://kubernetes.io/docs/tutorials/services/source-ip/).

CLIENT_ADDRESSES = "client addresses"
ADDRESS_FIX = "set ingress.service.externalTrafficPolicy: Local"


def check_client_addresses(observation: Observation) -> Iterator[Finding]:
    settings = observation.settings
    told_apart = [*_told_apart(settings)]
    if not told_apart or not settings.ingress.enabled:
        return
    for subject, listener in told_apart:
        if hidden := _hidden(settings, listener):
            yield error(CLIENT_ADDRESSES, subject, f"cannot tell clients apart: {hidden}", ADDRESS_FIX)
        else:
            yield ok(CLIENT_ADDRESSES, subject, f"sees the clients' {_source(settings)}")
    yield from _forgeable(settings)


def _told_apart(settings: Settings) -> Iterator[tuple[Subject, IngressListener]]:
    """Yield each setting that tells clients apart by their addresses, with its listener."""
    for name, listener in settings.traffic.gateways.items():
        if listener.allow_addresses:
            yield setting(f"traffic.gateways.{name}.allowAddresses"), listener
        if any(limit.by_address for limit in listener.limits):
            yield setting(f"traffic.gateways.{name}.limits"), listener


def _hidden(settings: Settings, listener: IngressListener) -> str:
    """Return why the gateway does not see the address of a listener's clients; empty if it does."""
    known = topology(settings)
    streams = [server.protocol for server in listener.servers if server.protocol in ("TCP", "TLS")]
    is_told = "proxyProtocol" in known or (known.get("numTrustedProxies") and not streams)
    if is_told or settings.ingress.service.type == "ClusterIP" or traffic_policy(settings.ingress) == "Local":
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
        yield warning(CLIENT_ADDRESSES, setting(key), message, fix)
