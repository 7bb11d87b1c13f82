"""Routes must lead to gateways, services, ports and subsets that exist."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, ok, setting, unknown
from pi_mesh.checks.traffic.known_services import Services, Target, collect, targets
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import IngressListener
from pi_mesh.settings.traffic.names import Host, takes
from pi_mesh.settings.traffic.routes import Route

ID = "routes"


def check(settings: Settings, snapshot: Snapshot | None) -> Iterator[Finding]:
    services = collect(settings, snapshot)
    problems = [*_gateways(settings), *_egress(settings)]
    every = list(targets(settings))
    for target in every:
        problems += [*_service(target, services), *_subset(target, services)]
    yield from problems
    if every and not problems:
        yield ok(ID, setting("traffic"), f"{len(every)} targets of routes exist", number=len(every))


def _service(target: Target, services: Services) -> Iterator[Finding]:
    name, known = target.to.service, services.find(target.service)
    if known is None and services.complete:
        message = f"goes to service {name}, which neither the settings nor the cluster know"
        yield error(ID, setting(target.where), message, f"correct the name, or declare it: traffic.services.{name}")
    elif known is None:
        message = f"goes to service {name}, which the settings do not declare; the cluster was not asked"
        yield unknown(ID, setting(target.where), message, f"declare it under traffic.services.{name}")
    elif known.ports:
        yield from _port(target, known.ports)


def _port(target: Target, ports: frozenset[int]) -> Iterator[Finding]:
    port, shown = target.to.port, ", ".join(map(str, sorted(ports)))
    if port is None and len(ports) > 1:
        message = f"names no port, and service {target.to.service} has {shown}"
        yield error(ID, setting(target.where), message, "give its port")
    elif port is not None and port not in ports:
        yield error(ID, setting(target.where), f"service {target.to.service} has no port {port}", f"use one of {shown}")


def _subset(target: Target, services: Services) -> Iterator[Finding]:
    subset, name = target.to.subset, target.to.service
    there = services.subsets.get(target.service, set())
    if subset is not None and subset not in there:
        message = f"goes to subset {subset} of {name}, which no destination declares: every request would fail"
        fix = f'declare it: traffic.destinations.NAME with service {name} and subsets.{subset}: {{version: "..."}}'
        yield error(ID, setting(target.where), message, fix)


def _gateways(settings: Settings) -> Iterator[Finding]:
    declared = settings.traffic.gateways
    if declared and not settings.ingress.enabled:
        message = "needs the ingress gateway, which is switched off"
        yield error(ID, setting("traffic.gateways"), message, "set ingress.enabled: true, or remove it")
    for name, route in settings.traffic.routes.items():
        subject = setting(f"traffic.routes.{name}.gateways")
        for gateway in route.gateways:
            if gateway not in declared:
                message = f"names gateway {gateway}, which is not declared"
                yield error(ID, subject, message, f"declare it under traffic.gateways.{gateway}, or correct the name")
            elif strays := [host for host in route.hosts if not _covered(host, declared[gateway].hosts)]:
                message = f"gateway {gateway} does not listen for {', '.join(strays)}"
                yield error(ID, subject, message, f"add it to traffic.gateways.{gateway}.hosts")
            else:
                yield from _kinds(name, route, gateway, declared[gateway])


def _kinds(name: str, route: Route, gateway: str, listener: IngressListener) -> Iterator[Finding]:
    """Yield an error for each kind of rule that the gateway's listener never applies."""
    applied = _applied(listener)
    for kind, rules in {"http": route.http, "tcp": route.tcp, "tls": route.tls}.items():
        if rules and kind != applied:
            message = (
                f"are never applied: gateway {gateway} speaks {listener.protocol}, whose rules are under {applied}"
            )
            yield error(ID, setting(f"traffic.routes.{name}.{kind}"), message, f"move them to {applied}")


def _applied(listener: IngressListener) -> str:
    if listener.protocol == "TCP" or (listener.protocol == "TLS" and listener.tls):
        return "tcp"
    return "tls" if listener.protocol == "TLS" else "http"


def _egress(settings: Settings) -> Iterator[Finding]:
    for name, external in settings.traffic.external.items():
        if external.through_gateway and not settings.egress.enabled:
            message = "throughGateway needs the egress gateway, which is switched off"
            fix = "set egress.enabled: true, or throughGateway: false"
            yield error(ID, setting(f"traffic.external.{name}"), message, fix)


def _covered(host: Host, listening: tuple[Host, ...]) -> bool:
    """Return True if the gateway listens for the host; a route of `*` takes every host of the gateway."""
    return host == "*" or any(takes(one, host) for one in listening)
