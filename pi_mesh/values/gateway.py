"""Helm values of the chart `gateway`. Its schema refuses keys that a version does not know: only those of 1.20 here."""

from pi_mesh.catalog.istio import facts_of, gateway_chart
from pi_mesh.names import VERSION_ANNOTATION
from pi_mesh.settings import Settings
from pi_mesh.settings.gateway import GatewayService, GatewaySettings
from pi_mesh.values.extra import Values
from pi_mesh.values.placement import node_selector, spread
from pi_mesh.values.traffic.gateways import gateway_selector
from pi_mesh.values.vault import gateway_annotations

PORTS = {"status-port": (15021, 15021), "http2": (80, 80), "https": (443, 443)}
"""Name -> service port and container port: the chart's own, written out because a list can only be replaced whole."""
PROBE = {
    "httpGet": {"path": "/healthz/ready", "port": 15021},
    "periodSeconds": 1,
    "timeoutSeconds": 3,
    "failureThreshold": 60,
}
"""The charts probe a gateway as it starts, always too early, and the next time 15 s later: an install, an upgrade and a
drained node wait for that. A gateway that was ready is given up after 60 s without an answer, as in the charts."""
STOPPING = 10
"""Seconds that Envoy and its agent have to end by themselves when they have drained."""


def helm_values(settings: Settings, release: str, gateway: GatewaySettings, addressed: bool) -> Values:
    """What the settings say, without the extra values; `addressed`: whether a LoadBalancer gets an address."""
    return {
        "replicaCount": gateway.replicas,
        "resources": gateway.resources.to_kubernetes(),
        "nodeSelector": node_selector(settings),
        "imagePullPolicy": settings.images.pull_policy,
        **_pull_secrets(settings),
        "service": _service(gateway.service, addressed),
        "autoscaling": {
            "enabled": gateway.autoscaling.enabled,
            "minReplicas": gateway.autoscaling.min_replicas,
            "maxReplicas": gateway.autoscaling.max_replicas,
            "targetCPUUtilizationPercentage": gateway.autoscaling.target_cpu,
        },
        **({"revision": gateway.revision} if gateway.revision else {}),
        **_readiness(settings.istio.version),
        **_drain(gateway.drain_seconds, {**gateway_annotations(settings), **_version(settings.istio.version)}),
        **_rights(settings, release),
        **(_kept_through_drains(release) if _least(gateway) > 1 else {}),
    }


def _pull_secrets(settings: Settings) -> Values:
    names = settings.images.secrets
    return {"imagePullSecrets": [{"name": name} for name in names]} if names else {}


def service_type(service: GatewayService, addressed: bool) -> str:
    """The Kubernetes service type; `auto` chooses what works: a LoadBalancer that nobody serves is awaited in vain."""
    if service.type != "auto":
        return service.type
    return "LoadBalancer" if addressed else "NodePort"


def serves_certificates(settings: Settings) -> bool:
    """Return True where the ingress gateway reads certificates from Secrets: `tls` of a `traffic.gateways` entry."""
    return any(listener.tls for listener in settings.traffic.gateways.values())


def _rights(settings: Settings, release: str) -> Values:
    """Leave out the chart's Role where no certificate is read: it covers all Secrets, the CA's key among them."""
    return (
        {}
        if release == settings.releases.names.ingress and serves_certificates(settings)
        else {"rbac": {"enabled": False}}
    )


def _readiness(version: str) -> Values:
    return {"readinessProbe": PROBE} if facts_of(gateway_chart(version)).gateways_choose_their_probe else {}


def _version(version: str) -> dict[str, str]:
    """Restart the gateways with a new version, which their proxies have only from then on; some charts do that.

    `pi_mesh.cluster.gateway_version` takes it out again where the version has not changed since a run without it.
    """
    carried = facts_of(version).gateways_carry_their_version and gateway_chart(version) == version
    return {} if carried else {VERSION_ANNOTATION: version}


def _least(gateway: GatewaySettings) -> int:
    return gateway.autoscaling.min_replicas if gateway.autoscaling.enabled else gateway.replicas


def _drain(seconds: int, annotations: dict[str, str]) -> Values:
    """While the only pod stops, Kubernetes (>= 1.28) still sends it requests; its successor starts meanwhile."""
    return {
        "podAnnotations": {"proxy.istio.io/config": f"terminationDrainDuration: {seconds}s", **annotations},
        "terminationGracePeriodSeconds": seconds + STOPPING,
    }


def _kept_through_drains(release: str) -> Values:
    """Pods apart from each other, and never all of them evicted at once.

    Not for a single pod: a budget for that one would let no node be drained.
    """
    return {
        "podDisruptionBudget": {"minAvailable": 1},
        "topologySpreadConstraints": [spread(gateway_selector(release))],
    }


def _service(service: GatewayService, addressed: bool) -> Values:
    values: Values = {"type": service_type(service, addressed)}
    if service.node_ports:
        values["ports"] = [_port(name, service) for name in PORTS]
    return values


def _port(name: str, service: GatewayService) -> Values:
    port, target = PORTS[name]
    fixed = {"nodePort": service.node_ports[name]} if name in service.node_ports else {}
    return {"name": name, "protocol": "TCP", "port": port, "targetPort": target, **fixed}
