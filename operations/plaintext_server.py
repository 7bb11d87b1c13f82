"""The server for the plain-text call: Envoy, the only program in the proxy's published image."""

import json

from operations.short_lived import ShortLived
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.values.placement import node_selector

GUARDED, CONTROL = 8080, 8081
"""Ports of the Job's server: the proxy stands before the first, and not before the second."""
USER = 65534
"""User nobody: the proxy's interception leaves out its own user 1337."""
TYPES = "type.googleapis.com/envoy.extensions.filters"


def of(seen: VerificationInput, namespace: str) -> ShortLived:
    """Return a pod in which Envoy answers on both ports: the proxy's image has no other server."""
    settings = seen.settings
    config = {"static_resources": {"listeners": [_listener(port) for port in (GUARDED, CONTROL)]}}
    command = ["/usr/local/bin/envoy", "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
    container = {
        "name": "server",
        "image": settings.images.reference("proxyv2", settings.istio.version),
        "imagePullPolicy": settings.images.pull_policy,
        "command": [*command, "--config-yaml", json.dumps(config)],
        "ports": [{"containerPort": port} for port in (GUARDED, CONTROL)],
        "resources": {"requests": {"cpu": "10m", "memory": "48Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}},
        "readinessProbe": {"tcpSocket": {"port": CONTROL}, "periodSeconds": 1},
        "securityContext": {
            "runAsUser": USER,
            "runAsGroup": USER,
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    annotations = {"traffic.sidecar.istio.io/excludeInboundPorts": str(CONTROL)}
    pod = {"nodeSelector": node_selector(settings)}
    return ShortLived(namespace, "plain-text-call", seen.mesh.stack, (container,), annotations=annotations, pod=pod)


def _listener(port: int) -> dict[str, object]:
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "ok"}}}
    manager = {
        "@type": f"{TYPES}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": f"port_{port}",
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{TYPES}.http.router.v3.Router"},
            }
        ],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    address = {"socket_address": {"address": "0.0.0.0", "port_value": port}}
    return {"address": address, "filter_chains": [{"filters": filters}]}
