"""DestinationRule objects: a service's versions and its circuit breaker."""

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.destinations import CircuitBreaker, Destination
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import given, item_object


def destination_rule(settings: Settings, name: str, wanted: Destination) -> Object:
    breaker = wanted.circuit_breaker
    subsets = [{"name": subset, "labels": labels} for subset, labels in wanted.subsets.items()]
    spec = given(host=wanted.service, trafficPolicy=breaker and _traffic_policy(breaker), subsets=subsets)
    return item_object(settings, wanted, "DestinationRule", name, spec)


def _traffic_policy(breaker: CircuitBreaker) -> Object:
    http = {
        "http1MaxPendingRequests": breaker.max_pending_requests,
        "maxRequestsPerConnection": breaker.max_requests_per_connection,
    }
    outliers = given(
        consecutive5xxErrors=breaker.consecutive_errors,
        interval=breaker.interval,
        baseEjectionTime=breaker.ejection_time,
        maxEjectionPercent=breaker.max_ejection_percent,
    )
    pool = {"tcp": {"maxConnections": breaker.max_connections}, "http": http}
    return {"connectionPool": pool, "outlierDetection": outliers}
