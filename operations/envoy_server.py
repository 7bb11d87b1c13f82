"""Envoy as a server and a client of HTTP: the proxy's published image has no other program for either."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from operations.short_lived import rights_of
from pi_mesh.settings import Settings

USER = 65534
"""User nobody: the proxy's interception leaves out its own user 1337."""
TYPES = "type.googleapis.com/envoy.extensions.filters"
SECONDS = 4
"""Seconds for a forwarded request."""
Config = dict[str, Any]


def envoy_container(
    settings: Settings, ready: int, listeners: Mapping[int, Iterable[Config]], clusters: Iterable[Config] = ()
) -> Config:
    """Return a container without rights whose Envoy has these routes by port; port `ready` shows that it runs."""
    resources = {"listeners": [_listener(port, routes) for port, routes in listeners.items()]}
    config = {"static_resources": {**resources, "clusters": [*clusters]}}
    command = ["/usr/local/bin/envoy", "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
    return {
        "name": "server",
        "image": settings.images.reference("proxyv2", settings.istio.version),
        "imagePullPolicy": settings.images.pull_policy,
        "command": [*command, "--config-yaml", json.dumps(config)],
        "ports": [{"containerPort": port} for port in listeners],
        "resources": {"requests": {"cpu": "10m", "memory": "48Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}},
        "readinessProbe": {"tcpSocket": {"port": ready}, "periodSeconds": 1},
        "securityContext": rights_of(USER),
    }


def answer_route(body: str = "ok", **headers: str) -> Config:
    """Return the route by which every request with these headers is answered; `_` stands for the `-` of a name."""
    required = [{"name": name.replace("_", "-"), "string_match": {"exact": value}} for name, value in headers.items()]
    match = {"prefix": "/", **({"headers": required} if required else {})}
    return {"match": match, "direct_response": {"status": 200, "body": {"inline_string": body}}}


def forward_route(path: str, cluster: str, host: str) -> Config:
    """Return the route by which requests for a path go to a cluster, as `/` of a host."""
    action = {"cluster": cluster, "host_rewrite_literal": host, "prefix_rewrite": "/", "timeout": f"{SECONDS}s"}
    return {"match": {"path": path}, "route": action}


def upstream_cluster(name: str, host: str, port: int) -> Config:
    """Return the cluster of a host that is known by its DNS name."""
    address = {"socket_address": {"address": host, "port_value": port}}
    return {
        "name": name,
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_ONLY",
        "dns_failure_refresh_rate": {"base_interval": "0.5s", "max_interval": "1s"},
        "connect_timeout": f"{SECONDS}s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }


def _listener(port: int, routes: Iterable[Config]) -> Config:
    router = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{TYPES}.http.router.v3.Router"}}
    manager = {
        "@type": f"{TYPES}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": f"port_{port}",
        "http_filters": [router],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [*routes]}]},
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    address = {"socket_address": {"address": "0.0.0.0", "port_value": port}}
    return {"address": address, "filter_chains": [{"filters": filters}]}


GUARDED, CONTROL = 8080, 8081
"""Ports of such a server: the proxy stands before the first, and not before the second."""
