"""Routes must lead to gateways, services, ports and subsets that exist, in the settings or in the cluster."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pi_mesh.checks.finding import Finding, error, ok, setting, unknown
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import IngressListener
from pi_mesh.settings.traffic.names import Host, full_name, takes
from pi_mesh.settings.traffic.routes import Route, RouteTarget


@dataclass(frozen=True)
class Known:
    """A service that a route may lead to."""

    ports: frozenset[int]
    selector: dict[str, str] | None = None
    """Labels of the service's pods; None if they are not known."""


@dataclass(frozen=True)
class Services:
    """The known services by full name."""

    known: dict[str, Known]
    subsets: dict[str, set[str]]
    complete: bool
    """True if the cluster was read too, so that an unknown service does not exist."""
    wildcards: tuple[str, ...] = field(default=())
    """Domains of external services with a `*`, each with its leading dot."""

    def find(self, name: str) -> Known | None:
        """Return the service of a full name: an empty one under an external wildcard, None if it is not known."""
        return self.known.get(name) or (Known(frozenset()) if name.endswith(self.wildcards) else None)


@dataclass(frozen=True)
class Target:
    """A config key that sends requests somewhere."""

    where: str
    """Config key of the destination."""
    to: RouteTarget
    namespace: str
    """Namespace of the object with the key."""
    gateways: tuple[str, ...] = ()
    timeout: str | None = None

    @property
    def service(self) -> str:
        """Return the full name of the service."""
        return full_name(self.to.service, self.namespace)


def known_services(settings: Settings, snapshot: Snapshot | None) -> Services:
    """Return all known services; the settings take precedence over the cluster."""
    traffic, home = settings.traffic, settings.namespace_of
    readable = snapshot is not None and "services" not in snapshot.unreadable
    there = snapshot.services if snapshot else ()
    numbers = {host: external.number for external in traffic.external.values() for host in external.hosts}
    known = {service.host: Known(frozenset(service.ports), service.selector or None) for service in there}
    known |= {host: Known(frozenset({number})) for host, number in numbers.items()}
    for name, declared in traffic.services.items():
        known[full_name(name, home(declared))] = Known(frozenset(declared.ports), declared.selector)
    subsets: dict[str, set[str]] = {}
    for destination in traffic.destinations.values():
        subsets.setdefault(full_name(destination.service, home(destination)), set()).update(destination.subsets)
    wildcards = tuple(host.removeprefix("*") for host in numbers if host.startswith("*"))
    return Services(known, subsets, readable, wildcards)


def route_targets(settings: Settings) -> Iterator[Target]:
    """Yield every destination of requests."""
    home = settings.namespace_of
    for name, route in settings.traffic.routes.items():
        for number, rule in enumerate(route.http):
            for place, to in enumerate(rule.to):
                where = f"traffic.routes.{name}.http[{number}].to[{place}]"
                yield Target(where, to, home(route), route.gateways, rule.timeout)
        for kind, others in (("tcp", route.tcp), ("tls", route.tls)):
            for place, to in enumerate(others):
                yield Target(f"traffic.routes.{name}.{kind}[{place}]", to, home(route), route.gateways)
    for name, canary in settings.traffic.canaries.items():
        by_path = ((f"paths.{path}", subset, None) for path, subset in canary.paths.items())
        for key, subset, weight in (*by_path, *((f"weights.{key}", key, of) for key, of in canary.weights.items())):
            to = RouteTarget(service=canary.service, subset=subset, weight=weight)
            yield Target(f"traffic.canaries.{name}.{key}", to, home(canary))


def authorizer_targets(settings: Settings) -> Iterator[Target]:
    """Yield the service that each authorizer is, which must exist as a destination must."""
    for name, authorizer in settings.traffic.authorization.authorizers.items():
        to = RouteTarget(service=authorizer.service, port=authorizer.port)
        yield Target(f"traffic.authorization.authorizers.{name}", to, settings.trading.namespace)


ID = "routes"


def check(observation: Observation) -> Iterator[Finding]:
    services = known_services(observation.settings, observation.snapshot)
    problems = [*_gateways(observation.settings), *_egress(observation.settings)]
    every = [*route_targets(observation.settings), *authorizer_targets(observation.settings)]
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
    if subset is not None and subset not in services.subsets.get(target.service, ()):
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
            speaks = f"gateway {gateway} speaks {listener.protocol}, whose rules are under {applied}"
            message = f"are never applied: {speaks}"
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
    return host == "*" or any(takes(served, host) for served in listening)
