"""The ingress gateway must be able to listen on each port of a listener, and a Service must have the port."""

from collections.abc import Iterator, Mapping

from pi_mesh.checks.finding import Finding, error, setting, warning
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import Server
from pi_mesh.values.gateway_service import reached_ports
from pi_mesh.values.traffic.gateways import gateway_selector

ID = "listeners"
PRIVILEGED = 1024
SYSCTL = "net.ipv4.ip_unprivileged_port_start"


def check(settings: Settings, snapshot: Snapshot | None) -> Iterator[Finding]:
    reached, lowest = _ports(settings, snapshot), _lowest_port(settings)
    shown = ", ".join(map(str, sorted(reached)))
    for name, server in _servers(settings):
        subject = setting(f"traffic.gateways.{name}.{server.key}")
        if server.number not in reached:
            message = f"is {server.number}, which no Service of the ingress gateway has, so no client can reach it"
            fix = f"use one of {shown}, or add the port to ingress.values.service.ports, or remove that list"
            yield error(ID, subject, message, fix)
        if lowest and server.number < lowest:
            message = (
                f"is {server.number}, and with ingress.values.securityContext the gateway listens from {lowest} on"
            )
            yield warning(ID, subject, message, f'add the sysctl {SYSCTL} with value "0", or remove securityContext')


def _servers(settings: Settings) -> Iterator[tuple[str, Server]]:
    for name, listener in settings.traffic.gateways.items():
        yield from ((name, server) for server in listener.servers)


def _lowest_port(settings: Settings) -> int | None:
    """Return the lowest port on which the gateway may listen; None for any, as the chart's pod has the sysctl."""
    values = settings.ingress.values
    pod, container = values.get("securityContext"), values.get("containerSecurityContext")
    if not isinstance(pod, Mapping) or (isinstance(container, Mapping) and container.get("runAsUser") == 0):
        return None
    sysctls = (one for one in pod.get("sysctls") or () if isinstance(one, Mapping))
    start = next((str(one.get("value")) for one in sysctls if one.get("name") == SYSCTL), str(PRIVILEGED))
    return int(start) if start.isdecimal() else PRIVILEGED


def _ports(settings: Settings, snapshot: Snapshot | None) -> set[int]:
    """Return the ports of the gateway's own Service, and of other Services in its namespace that lead to its pods."""
    name = settings.releases.names.ingress
    reached = reached_ports(settings, name, settings.ingress)
    pods = {"app": name, **gateway_selector(name)}.items()
    for other in snapshot.services if snapshot else ():
        leads_here = bool(other.selector) and other.selector.items() <= pods
        if other.namespace == settings.ingress_namespace and other.name != name and leads_here:
            reached |= {*other.ports}
    return reached
