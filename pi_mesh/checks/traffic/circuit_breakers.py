"""A circuit breaker must be able to eject a pod: Istio's default of 10 percent ejects none of fewer than ten pods."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, setting, warning
from pi_mesh.checks.observation import Observation

ID = "circuit breakers"
ISTIOS_PERCENT = 10


def check(observation: Observation) -> Iterator[Finding]:
    for name, destination in observation.settings.traffic.destinations.items():
        breaker = destination.circuit_breaker
        if breaker and breaker.max_ejection_percent is None:
            # Envoy once ejected one pod in any case. Its option for that (always_eject_one_host) is not in Istio's API.
            few = 100 // ISTIOS_PERCENT
            yield warning(
                ID,
                setting(f"traffic.destinations.{name}.circuitBreaker"),
                f"never ejects a failing pod while {destination.service} has fewer than {few} pods: "
                f"{ISTIOS_PERCENT} percent of them, Istio's default, are less than one",
                "set maxEjectionPercent, for example 50 for two pods",
            )
