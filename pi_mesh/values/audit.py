"""The log of calls that STRICT or a default deny would refuse: a log format of istiod's, and a Telemetry that selects.

https://istio.io/latest/docs/tasks/observability/logs/telemetry-api/
"""

from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.values.extra import Values

PROVIDER = NAME = "pi-mesh-audit"
DENIED, PEER, ADDRESS, PORT = "denied", "peer", "address", "port"
"""Keys of a log line: results of the dry run, identity and address of the caller, port of the workload."""
RESULT = "istio_dry_run_allow_shadow_engine_result"
"""Envoy's dynamic metadata with the result of the dry-run policies (pilot/pkg/security/authz/model)."""
FILTERS = ("envoy.filters.http.rbac", "envoy.filters.network.rbac")
_FIELDS = {
    NAME: "v1",
    DENIED: " ".join(f"%DYNAMIC_METADATA({name}:{RESULT})%" for name in FILTERS),
    PEER: "%DOWNSTREAM_PEER_URI_SAN%",
    ADDRESS: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
    PORT: "%DOWNSTREAM_LOCAL_PORT%",
}
"""Fields of a line: no path and no header, because they may hold secrets."""


def providers(settings: Settings) -> list[Values]:
    """Return the extension provider of istiod's mesh config that writes the log; none without an audit."""
    if not settings.audited_namespaces:
        return []
    log = {"path": "/dev/stdout", "logFormat": {"labels": dict(_FIELDS)}}
    return [{"name": PROVIDER, "envoyFileAccessLog": log}]


def logging(settings: Settings, namespace: WorkloadNamespace) -> list[Values]:
    """Return the entry of a Telemetry that logs selected calls to a namespace's workloads; none without an audit."""
    if namespace.name not in settings.audited_namespaces:
        return []
    log: Values = {
        "match": {"mode": "SERVER"},
        "providers": [{"name": PROVIDER}],
        "filter": {"expression": _selected(settings, namespace)},
    }
    return [log]


def _selected(settings: Settings, namespace: WorkloadNamespace) -> str:
    """Return the expression (CEL) that selects the calls."""
    denied = [f"metadata.filter_metadata['{name}']['{RESULT}'] == 'denied'" for name in FILTERS]
    plain = ["!connection.mtls"] if settings.mtls.audit else []
    return " || ".join([*(denied if namespace.default_deny.audit else ()), *plain])
