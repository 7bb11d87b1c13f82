"""Istio's mesh config: what istiod watches, and the defaults of every proxy.

https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
"""

from collections.abc import Mapping

from pi_mesh.settings import Settings
from pi_mesh.values import access_logs, audit, tracing
from pi_mesh.values.extra import Values
from pi_mesh.values.traffic.retries import retry_policy


def mesh_config(settings: Settings) -> Values:
    """Return the mesh config, without the extra values."""
    proxy = settings.proxy
    return {
        **_discovery(settings),
        "outboundTrafficPolicy": {"mode": proxy.outbound_traffic},
        "pathNormalization": {"normalization": proxy.path_normalization},
        **_default_retries(settings),
        "defaultConfig": {
            "concurrency": proxy.concurrency,
            "terminationDrainDuration": f"{proxy.drain_seconds}s",
            "holdApplicationUntilProxyStarts": proxy.hold_application_until_proxy_starts,
            # Proxies request certificates of this lifetime, and renew them at half of it (SECRET_GRACE_PERIOD_RATIO).
            "proxyMetadata": {"SECRET_TTL": settings.mtls.certificate_lifetime},
        },
        **_providers(settings),
    }


def _providers(settings: Settings) -> Values:
    """Return the mesh config's extension providers, to which Telemetry objects refer; none without one."""
    traces = tracing.providers(settings)
    found = [*traces, *audit.providers(settings), *access_logs.providers(settings)]
    return {**({"enableTracing": True} if traces else {}), **({"extensionProviders": found} if found else {})}


def _discovery(settings: Settings) -> Values:
    """Return the selector of the watched namespaces, by the label that Kubernetes gives each of them."""
    watched = settings.watched_namespaces
    if watched is None:
        return {}
    by_name = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [*watched]}
    return {"discoverySelectors": [{"matchExpressions": [by_name]}]}


def _default_retries(settings: Settings) -> Values:
    """Return the retry policy of routes without one, unless the extra values have it: half of each would be invalid."""
    own, key = settings.istio.values.get("meshConfig"), "defaultHttpRetryPolicy"
    says_otherwise = isinstance(own, Mapping) and key in own
    return {} if says_otherwise else {key: retry_policy(settings.proxy.default_retries)}
