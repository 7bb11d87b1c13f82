"""Helm values of the chart `gateway`, limited to keys of chart 1.20, since the chart's schema refuses unknown keys."""

import json
from collections.abc import Iterator

from pi_mesh.catalog.istio import facts_of, gateway_chart
from pi_mesh.names import VERSION_ANNOTATION
from pi_mesh.settings import Settings
from pi_mesh.settings.gateway import GatewaySettings, IngressSettings
from pi_mesh.settings.istio import ProxySettings
from pi_mesh.values.gateway_service import service_values
from pi_mesh.values.helm_values import Values
from pi_mesh.values.istio import exit_when_idle
from pi_mesh.values.objects import given
from pi_mesh.values.placement import node_selector, scheduling, spread
from pi_mesh.values.traffic.gateways import gateway_selector
from pi_mesh.values.vault import gateway_annotations

PROBE = {
    "httpGet": {"path": "/healthz/ready", "port": 15021},
    "periodSeconds": 1,
    "timeoutSeconds": 3,
    "failureThreshold": 60,
}
"""Readiness probe of gateways. The charts' own probe first runs too early and again only 15 s later, for which an
install, an upgrade and a drain would wait. As in the charts, a gateway counts as not ready after 60 s without an
answer."""
STOPPING = 10
"""Seconds that Envoy and its agent have to end by themselves after the drain."""


def helm_values(settings: Settings, release: str, gateway: GatewaySettings, addressed: bool) -> Values:
    """Return the values without the extra ones; `addressed`: True if the Service gets an address as a LoadBalancer."""
    chart = facts_of(gateway_chart(settings.istio.version))
    return {
        "replicaCount": gateway.replicas,
        "resources": gateway.resources.to_kubernetes(),
        "nodeSelector": node_selector(settings),
        "imagePullPolicy": settings.images.pull_policy,
        "service": service_values(settings, release, gateway, addressed),
        "autoscaling": {
            "enabled": gateway.autoscaling.enabled,
            "minReplicas": gateway.autoscaling.min_replicas,
            "maxReplicas": gateway.autoscaling.max_replicas,
            "targetCPUUtilizationPercentage": gateway.autoscaling.target_cpu,
        },
        **given(
            imagePullSecrets=[{"name": name} for name in settings.images.secrets],
            revision=gateway.revision,
            readinessProbe=PROBE if chart.gateways_choose_their_probe else None,
            labels=gateway.labels,
            priorityClassName=gateway.scheduling.priority_class,
        ),
        **scheduling(settings, gateway.scheduling),
        "podAnnotations": {
            "proxy.istio.io/config": "\n".join(_proxy_config(settings.proxy, gateway)),
            **gateway_annotations(settings),
            **_version(settings.istio.version),
        },
        # Kubernetes (>= 1.28) still sends requests to a stopping pod without a successor.
        "terminationGracePeriodSeconds": (gateway.max_drain_seconds or gateway.drain_seconds) + STOPPING,
        **_rights(settings, release),
        **(_kept_through_drains(release, gateway) if gateway.least_pods > 1 else {}),
    }


def serves_certificates(settings: Settings) -> bool:
    """Return True if the ingress gateway reads certificates from Secrets: a `traffic.gateways` entry has `tls`."""
    return any(listener.tls for listener in settings.traffic.gateways.values())


def shows_certificates(settings: Settings) -> bool:
    """Return True if the egress gateway reads certificates from Secrets: a `traffic.external` entry names one."""
    return any(external.tls and external.tls.secret for external in settings.traffic.external.values())


def _rights(settings: Settings, release: str) -> Values:
    """Return the values that omit the chart's Role, which covers all Secrets, if the gateway reads no certificate."""
    reads_secrets = serves_certificates if release == settings.releases.names.ingress else shows_certificates
    return {} if reads_secrets(settings) else {"rbac": {"enabled": False}}


def _version(version: str) -> dict[str, str]:
    """Return the annotation that restarts the gateways with a new version, unless their chart has one itself.

    `pi_mesh.cluster.stack_state` removes it if the version has not changed since a run without it.
    """
    carried = facts_of(version).gateways_carry_their_version and gateway_chart(version) == version
    return {} if carried else {VERSION_ANNOTATION: version}


def _proxy_config(proxy: ProxySettings, gateway: GatewaySettings) -> Iterator[str]:
    """Yield the lines by which the gateway's proxy differs from the sidecars'."""
    yield f"terminationDrainDuration: {gateway.drain_seconds}s"
    if gateway.listener_drain_seconds:
        yield f"drainDuration: {gateway.listener_drain_seconds}s"
    if gateway.max_drain_seconds or proxy.exit_when_idle:
        yield f"proxyMetadata: {json.dumps(exit_when_idle(bool(gateway.max_drain_seconds), gateway.drain_seconds))}"
    yield from _topology(gateway)


def _topology(gateway: GatewaySettings) -> Iterator[str]:
    """Yield the proxy's configuration by which it learns the address of a client behind other proxies."""
    if not isinstance(gateway, IngressSettings):
        return
    trusted = [f"numTrustedProxies: {gateway.trusted_proxies}"] if gateway.trusted_proxies else []
    spoken = ["proxyProtocol: {}"] if gateway.proxy_protocol else []
    if trusted or spoken:
        yield f"gatewayTopology: {{{', '.join([*trusted, *spoken])}}}"


def _kept_through_drains(release: str, gateway: GatewaySettings) -> Values:
    """Return values that spread pods and keep one in evictions; for a single pod they would block its node's drain."""
    policy = given(unhealthyPodEvictionPolicy=gateway.scheduling.unhealthy_pod_eviction_policy)
    pods = spread(gateway_selector(release, gateway))
    return {"podDisruptionBudget": {"minAvailable": 1, **policy}, "topologySpreadConstraints": [pods]}
