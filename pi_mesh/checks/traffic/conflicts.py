"""Two rules must not match the same requests, nor two objects have one name: which of them applies is chance."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from itertools import combinations
from typing import TypeVar

from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks.finding import Finding, error, setting
from pi_mesh.checks.observation import Observation
from pi_mesh.selectors import may_share_pods
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.settings.traffic.routes import HttpRoute, Route
from pi_mesh.values.objects import object_name
from pi_mesh.values.traffic import stages

ID = "conflicts"
K = TypeVar("K", bound=Hashable)


def check(observation: Observation) -> Iterator[Finding]:
    yield from _names(observation.settings)
    yield from _destinations(observation.settings)
    yield from _mesh_hosts(observation.settings)
    yield from _gateway_paths(observation.settings)
    yield from _authorizers(observation.settings)
    for name, route in observation.settings.traffic.routes.items():
        yield from _unreachable(f"traffic.routes.{name}", route)


def _names(settings: Settings) -> Iterator[Finding]:
    made = Counter((item["kind"], *object_name(item)) for stage in stages(settings) for item in stage)
    for kind, _, name in sorted(entry for entry, count in made.items() if count > 1):
        yield error(ID, setting("traffic"), f"two settings make a {kind} named {name}", "rename one of them")


def _destinations(settings: Settings) -> Iterator[Finding]:
    destinations = settings.traffic.destinations.items()
    services = ((full_name(own.service, settings.namespace_of(own)), name) for name, own in destinations)
    for service, names in grouped(services):
        message = f"{_and(names)} are both about {service}; only one of them would count for its circuit breaker"
        yield error(ID, setting("traffic.destinations"), message, "merge them into one")


def _mesh_hosts(settings: Settings) -> Iterator[Finding]:
    """Yield an error for each host with several routes: sidecars do not merge them (istioctl's IST0109)."""
    traffic = settings.traffic
    routes = ((f"routes.{name}", route, route.hosts) for name, route in traffic.routes.items() if not route.gateways)
    canaries = ((f"canaries.{name}", canary, (canary.service,)) for name, canary in traffic.canaries.items())
    externals = ((name, external) for name, external in traffic.external.items() if external.through_gateway)
    leaving = ((f"external.{name}", external, external.hosts) for name, external in externals)
    for host, names in grouped(
        (full_name(host, settings.namespace_of(routed)), name)
        for name, routed, hosts in (*routes, *canaries, *leaving)
        for host in hosts
    ):
        message = f"{_and(names)} both route {host} for sidecars, which take only the older one"
        yield error(ID, setting("traffic"), message, "put their rules into one route")


def _gateway_paths(settings: Settings) -> Iterator[Finding]:
    for (gateway, host, condition), names in grouped(
        ((gateway, host, _condition(rule)), name)
        for name, route in settings.traffic.routes.items()
        for gateway in route.gateways
        for host in route.hosts
        for rule in route.http
    ):
        if len(set(names)) > 1:
            message = f"{_and(names)} both take {condition} of host {host} at gateway {gateway}"
            yield error(ID, setting("traffic.routes"), message, "keep the rule in one of them")
    for (gateway, taken), names in grouped(_streams(settings)):
        message = f"{_and(names)} both take {taken} of gateway {gateway}"
        yield error(ID, setting("traffic.routes"), message, "keep the rule in one of them")


def _streams(settings: Settings) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the gateway and the connections that each route of TCP or TLS takes, with the route's name."""
    for name, route in settings.traffic.routes.items():
        for gateway in route.gateways:
            if route.tcp:
                yield (gateway, "all connections"), name
            yield from (((gateway, f"server name {host}"), name) for host in route.hosts if route.tls)


def _authorizers(settings: Settings) -> Iterator[Finding]:
    """Yield an error for two authorizers of one pod: Istio before 1.29 denies it every request (#57933)."""
    every, home = settings.traffic.authorization.policies, settings.namespace_of
    asking = [name for name in every if every[name].authorizer and facts_of(settings.istio.version).minor < 29]
    for names in combinations(asking, 2):
        policy, other = (every[name] for name in names)
        share_pods = may_share_pods(policy.selector, other.selector)
        if share_pods and home(policy) == home(other) and policy.authorizer != other.authorizer:
            message = f"{_and(names)} may ask two authorizers about one pod's requests, which Istio then denies"
            yield error(ID, setting("traffic.authorization.policies"), message, "name one authorizer in both")


def _unreachable(where: str, route: Route) -> Iterator[Finding]:
    """Yield an error for each rule that an earlier one of the same or all requests hides: the first match applies."""
    taken: list[HttpRoute] = []
    for number, rule in enumerate(route.http):
        if any(earlier.matches_everything or _condition(earlier) == _condition(rule) for earlier in taken):
            message = f"never gets a request: an earlier rule takes {_condition(rule)} already"
            yield error(ID, setting(f"{where}.http[{number}]"), message, "put the narrower rule first, or remove it")
        taken.append(rule)


def _condition(rule: HttpRoute) -> str:
    if rule.matches_everything:
        return "every path"
    path = f"path {rule.exact}" if rule.exact else f"paths below {rule.prefix or '/'}"
    headers = "".join(f", header {name}={value}" for name, value in sorted(rule.headers.items()))
    methods = f", method {' or '.join(sorted(rule.methods))}" if rule.methods else ""
    return path + headers + methods


def grouped(entries: Iterable[tuple[K, str]]) -> Iterator[tuple[K, list[str]]]:
    """Return the keys that more than one name claims."""
    names = defaultdict(list)
    for key, name in entries:
        names[key].append(name)
    return ((key, claimed) for key, claimed in names.items() if len(claimed) > 1)


def _and(names: Iterable[str]) -> str:
    return " and ".join(sorted(set(names)))
