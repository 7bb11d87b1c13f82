"""The ingress gateway can be reached only on ports that a Service has."""

from collections.abc import Iterator, Mapping

from pi_mesh.checks.finding import Finding, error, setting
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.values.gateway import PORTS
from pi_mesh.values.traffic.gateways import gateway_selector

ID = "listeners"


def check(settings: Settings, snapshot: Snapshot | None) -> Iterator[Finding]:
    reached = _ports(settings, snapshot)
    shown = ", ".join(map(str, sorted(reached)))
    for name, listener in settings.traffic.gateways.items():
        wanted = {"port": listener.port, **({"tls.port": listener.tls.port} if listener.tls else {})}
        for key, port in wanted.items():
            if port not in reached:
                message = f"is {port}, which no Service of the ingress gateway has, so no client can reach it"
                fix = f"use one of {shown}, or add the port to ingress.values.service.ports, beside those"
                yield error(ID, setting(f"traffic.gateways.{name}.{key}"), message, fix)


def _ports(settings: Settings, snapshot: Snapshot | None) -> set[int]:
    """Return the ports of the gateway's own Service, and of other Services in its namespace that lead to its pods."""
    service = settings.ingress.values.get("service")
    own = service.get("ports") if isinstance(service, Mapping) else None
    numbers = {one.get("port") for one in own if isinstance(one, Mapping)} if isinstance(own, list) else set()
    known = {number for number in numbers if isinstance(number, int)} or {port for port, _ in PORTS.values()}
    name = settings.releases.names.ingress
    pods = {"app": name, **gateway_selector(name)}.items()
    for other in snapshot.services if snapshot else ():
        leads_here = bool(other.selector) and other.selector.items() <= pods
        if other.namespace == settings.ingress_namespace and other.name != name and leads_here:
            known |= {*other.ports}
    return known - {PORTS["status-port"][0]}
