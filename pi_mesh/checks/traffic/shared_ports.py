"""Listeners may share a port only if the gateway can tell their clients apart: by host, or by server name (SNI)."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from pi_mesh.checks.finding import Finding, Subject, error, setting
from pi_mesh.checks.next_version import refused_next
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import IngressListener, Server

ID = "shared ports"
SINCE_EVER = ("HTTP", "HTTPS")
"""Protocols of listeners that running stacks may have: their conflicts are warnings for one version."""


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


def check(settings: Settings, _snapshot: Snapshot | None) -> Iterator[Finding]:
    by_port: dict[int, list[_Entry]] = defaultdict(list)
    for name, listener in settings.traffic.gateways.items():
        for server in listener.servers:
            by_port[server.number].append(_Entry(name, listener, server))
    for entries in by_port.values():
        for first, second in combinations(entries, 2):
            yield from _pair(first, second)
    yield from _issuers(settings)


def _pair(first: _Entry, second: _Entry) -> Iterator[Finding]:
    both, port = f"{first.title} and {second.title}", second.server.number
    families = {first.server.family, second.server.family}
    same_hosts = sorted({*first.listener.hosts} & {*second.listener.hosts})
    if len(families) > 1 or families == {"TCP"}:
        message = f"is {port}, which {both} cannot share: Istio serves only one of them"
        yield _refused(message, "give one of them a port of its own", first, second)
    elif families == {"TLS"} and same_hosts:
        host, *_ = same_hosts
        message = f"is {port}, on which {both} both have host {host}: Istio serves only one of them"
        yield _refused(message, "name other hosts, or merge them into one", first, second)
    elif {*first.listener.allow_addresses} != {*second.listener.allow_addresses}:
        yield from _vague(first, second)
        yield from _vague(second, first)


def _refused(message: str, fix: str, first: _Entry, second: _Entry) -> Finding:
    known = {first.server.protocol, second.server.protocol} <= {*SINCE_EVER}
    return (refused_next if known else error)(ID, second.key, message, fix)


def _vague(entry: _Entry, other: _Entry) -> Iterator[Finding]:
    """Yield an error for a host by which no rule can tell the listener from the other one."""
    # The Host header of plain HTTP may carry a port behind the domain that a `*.` ends with.
    plain = entry.server.family == "HTTP"
    vague = [host for host in entry.listener.hosts if host == "*" or (host.startswith("*") and plain)]
    if vague and entry.listener.allow_addresses:
        first, *_ = vague
        message = (
            f"has host {first} on port {entry.server.number}, which it shares with {other.name}, whose addresses "
            "differ: no rule tells their requests apart"
        )
        subject = setting(f"traffic.gateways.{entry.name}.allowAddresses")
        yield error(ID, subject, message, "name the hosts, give the listener a port of its own, or equal addresses")


def _issuers(settings: Settings) -> Iterator[Finding]:
    issuers: dict[str, list[object]] = defaultdict(list)
    for listener in settings.traffic.gateways.values():
        if listener.tls and listener.tls.issuer not in issuers[listener.tls.secret]:
            issuers[listener.tls.secret].append(listener.tls.issuer)
    for secret, found in issuers.items():
        if len(found) > 1:
            message = f"name different issuers for Secret {secret}, which only one of them can write"
            yield error(
                ID, setting("traffic.gateways"), message, "give each its own Secret, or all the same tls.issuer"
            )
