"""The services, ports and subsets that routes may use: declared in the settings, or found in the cluster."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.settings.traffic.routes import RouteTarget


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
        """Return the service by its full name.

        Returns an empty one for a host under an external wildcard, and None if it is not known.
        """
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

    @property
    def service(self) -> str:
        """Return the full name of the service."""
        return full_name(self.to.service, self.namespace)


def collect(settings: Settings, snapshot: Snapshot | None) -> Services:
    """Return all known services; the settings take precedence over the cluster."""
    traffic, home = settings.traffic, settings.namespace_of
    readable = snapshot is not None and "services" not in snapshot.unreadable
    known = {}
    for service in snapshot.services if snapshot else ():
        name = full_name(service.name, service.namespace)
        known[name] = Known(frozenset(service.ports), service.selector or None)
    for external in traffic.external.values():
        known.update({host: Known(frozenset({external.number})) for host in external.hosts})
    for name, declared in traffic.services.items():
        known[full_name(name, home(declared))] = Known(frozenset(declared.ports), declared.selector)
    subsets: dict[str, set[str]] = {}
    for destination in traffic.destinations.values():
        subsets.setdefault(full_name(destination.service, home(destination)), set()).update(destination.subsets)
    hosts = [host for external in traffic.external.values() for host in external.hosts]
    wildcards = tuple(host.removeprefix("*") for host in hosts if host.startswith("*"))
    return Services(known, subsets, readable, wildcards)


def targets(settings: Settings) -> Iterator[Target]:
    """Yield every destination of requests."""
    home = settings.namespace_of
    for name, route in settings.traffic.routes.items():
        for number, rule in enumerate(route.http):
            for place, to in enumerate(rule.to):
                where = f"traffic.routes.{name}.http[{number}].to[{place}]"
                yield Target(where, to, home(route), route.gateways)
        for kind, others in (("tcp", route.tcp), ("tls", route.tls)):
            for place, to in enumerate(others):
                yield Target(f"traffic.routes.{name}.{kind}[{place}]", to, home(route), route.gateways)
    for name, canary in settings.traffic.canaries.items():
        by_path = ((f"paths.{path}", subset) for path, subset in canary.paths.items())
        for key, subset in (*by_path, *((f"weights.{subset}", subset) for subset in canary.weights)):
            to = RouteTarget(service=canary.service, subset=subset)
            yield Target(f"traffic.canaries.{name}.{key}", to, home(canary))
