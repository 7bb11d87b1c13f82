"""A circuit breaker that never opens: Envoy leaves alone a part of the pods, and a part of few may be none."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, setting, warning
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

ID = "circuit breakers"
ISTIOS_PERCENT = 10


def check(settings: Settings, _snapshot: Snapshot | None) -> Iterator[Finding]:
    for name, destination in settings.traffic.destinations.items():
        breaker = destination.circuit_breaker
        if breaker and breaker.max_ejection_percent is None:
            # Envoy once left one pod alone in any case; that is now a switch (always_eject_one_host) Istio has not.
            few = 100 // ISTIOS_PERCENT
            yield warning(
                ID,
                setting(f"traffic.destinations.{name}.circuitBreaker"),
                f"leaves no failing pod alone while {destination.service} has fewer than {few}: "
                f"Istio's {ISTIOS_PERCENT} percent of them are none",
                "set maxEjectionPercent: 50 for two pods",
            )
