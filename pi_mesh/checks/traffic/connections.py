"""Open connections and sticky sessions must not be cut by other settings; a circuit breaker must eject failing pods."""

from collections.abc import Iterator
from datetime import timedelta

from pi_mesh.checks.finding import Finding, error, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.traffic.routes import route_targets
from pi_mesh.facts import duration
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.settings.traffic.routes import Destination

ID = "connections"


def check(observation: Observation) -> Iterator[Finding]:
    settings, services = observation.settings, observation.snapshot.services if observation.snapshot else ()
    udp = {service.host for service in services if service.is_udp}
    destinations: dict[str, Destination] = {}
    for name, item in settings.traffic.destinations.items():
        where, bounds, service = f"traffic.destinations.{name}.connections", item.connections, item.service
        destinations[full := full_name(service, settings.namespace_of(item))] = item
        if bounds and full in udp:
            message = f"bound nothing: service {service} has UDP ports alone, which no proxy sees"
            yield error(ID, setting(where), message, "remove them")
        if bounds and duration(idle := bounds.tcp_idle_timeout) > timedelta(hours=1):
            message = f"{idle} has no effect if service {service} has a sidecar, which closes after 1h of silence"
            yield warning(ID, setting(f"{where}.tcpIdleTimeout"), message, "set at most 1h")
    yield from dict.fromkeys(_rivals(settings, destinations))


def _rivals(settings: Settings, destinations: dict[str, Destination]) -> Iterator[Finding]:
    """Yield a warning for each route that overrules a destination, once for each target."""
    grpc = {name for name, listener in settings.traffic.gateways.items() if listener.protocol == "GRPC"}
    for target in route_targets(settings):
        item, (key, _, last) = destinations.get(target.service), target.where.rpartition(".")
        is_drawn, is_tcp = target.to.weight not in (None, 0, 100), last.startswith(("tcp", "tls"))
        if item and item.sticky and (is_drawn or (is_tcp and not item.sticky.source_address)):
            cause = "weights are drawn for each request" if is_drawn else "TCP has neither header nor cookie"
            fix = "give sticky sessions a single destination" if is_drawn else "set sticky.sourceAddress"
            yield warning(ID, setting(key), f"moves sticky sessions of service {item.service}: {cause}", fix)
        has_streams = item and item.connections and item.connections.max_concurrent_streams
        if target.timeout and (has_streams or grpc & {*target.gateways}):
            message, fix = f"ends gRPC streams and long polls after {target.timeout}", "give streams a rule without it"
            yield warning(ID, setting(f"{key}.timeout"), message, fix)


CIRCUIT_BREAKERS, ISTIOS_PERCENT = "circuit breakers", 10


def check_circuit_breakers(observation: Observation) -> Iterator[Finding]:
    for name, destination in observation.settings.traffic.destinations.items():
        breaker = destination.circuit_breaker
        if breaker and breaker.max_ejection_percent is None:
            # Envoy once ejected one pod in any case. Its option for that (always_eject_one_host) is not in Istio's API.
            while_few = f"while {destination.service} has fewer than {100 // ISTIOS_PERCENT} pods"
            percent = f"{ISTIOS_PERCENT} percent of them, Istio's default, are less than one"
            where, fix = f"traffic.destinations.{name}.circuitBreaker", "set maxEjectionPercent, for example 50 for two"
            yield warning(CIRCUIT_BREAKERS, setting(where), f"never ejects a failing pod {while_few}: {percent}", fix)
