"""Istio's telemetry: the logs of calls that a stricter mesh would refuse, the access logs, and traces.

Each has an extension provider in istiod's mesh config, and a Telemetry that selects.
https://istio.io/latest/docs/tasks/observability/logs/telemetry-api/
"""

from collections.abc import Iterator

from pi_mesh.addons.jaeger import OTLP, Jaeger
from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.values.helm_values import Values
from pi_mesh.values.objects import Object, given, istio_object
from pi_mesh.values.placement import mesh_context

AUDIT_PROVIDER = AUDIT = "pi-mesh-audit"
DENIED, PEER, ADDRESS, PORT, METHOD, PATH = "denied", "peer", "address", "port", "method", "path"
"""Keys of a log line: results of the dry run, identity and address of the caller, port of the workload, the request."""
PATH_LENGTH = 40
"""Characters of a path in a log line: enough for its first part, since what follows may be a secret."""
DRY_RUN_RESULT = "istio_dry_run_allow_shadow_engine_result"
"""Envoy's dynamic metadata with the result of the dry-run policies (pilot/pkg/security/authz/model)."""
RBAC_FILTERS = ("envoy.filters.http.rbac", "envoy.filters.network.rbac")
_AUDIT_FIELDS = {
    AUDIT: "v1",
    DENIED: " ".join(f"%DYNAMIC_METADATA({name}:{DRY_RUN_RESULT})%" for name in RBAC_FILTERS),
    PEER: "%DOWNSTREAM_PEER_URI_SAN%",
    ADDRESS: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
    PORT: "%DOWNSTREAM_LOCAL_PORT%",
    METHOD: "%REQ(:METHOD):16%",
    PATH: f"%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH):{PATH_LENGTH}%",
}
"""Fields of a line: no query and no header, because they may hold secrets."""
EGRESS_PROVIDER = EGRESS = "pi-mesh-egress-audit"
HOST, SNI = "host", "sni"
_EGRESS_FIELDS = {
    EGRESS: "v1",
    HOST: "%REQ(:AUTHORITY):253%",
    SNI: "%REQUESTED_SERVER_NAME%",
    ADDRESS: "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%",
    PORT: "%DOWNSTREAM_LOCAL_PORT%",
}
"""Fields of a line about a call that leaves a sidecar, whose listener has the address that the workload called."""
UNKNOWN_HOSTS = "xds.cluster_name in ['PassthroughCluster', 'BlackHoleCluster'] || xds.route_name == 'block_all'"
"""Expression that selects the calls to hosts that the mesh does not know: passed on, or refused, of HTTP by a route."""


def audit_entries(settings: Settings, namespace: WorkloadNamespace) -> list[Values]:
    """Return the entry of a Telemetry that logs selected calls to a namespace's workloads; none without an audit."""
    if namespace.name not in settings.audited_namespaces:
        return []
    denied = [f"metadata.filter_metadata['{name}']['{DRY_RUN_RESULT}'] == 'denied'" for name in RBAC_FILTERS]
    plain = ["!connection.mtls"] if settings.mtls.audit else []
    expression = " || ".join([*(denied if namespace.default_deny.audit else ()), *plain])
    providers = [{"name": AUDIT_PROVIDER}]
    return [{"match": {"mode": "SERVER"}, "providers": providers, "filter": {"expression": expression}}]


def server_names(namespace: WorkloadNamespace) -> Object:
    """Return the ServiceEntry by which sidecars read the server names of TLS on port 443, for an egress audit.

    They listen for TLS only on ports that an entry has; other calls to unknown hosts are connections to an address.
    """
    port = {"number": 443, "name": "tls", "protocol": "TLS"}
    spec: Object = {"hosts": [f"{EGRESS}.invalid"], "exportTo": ["."], "location": "MESH_EXTERNAL", "ports": [port]}
    return istio_object(namespace.name, "ServiceEntry", EGRESS, spec | {"resolution": "NONE"})


ACCESS_LOG_PROVIDER = ACCESS_LOG = "pi-mesh-access-log"
LOG_LINE = 500
"""Bytes of a line in the node's log file, as containerd writes it. Lines with a path took 414 to 427 at the local
cluster's ingress gateway, and 452 to 494 at a sidecar (2026-11-26); longer names and paths take more."""
KEPT = 50 * 1024 * 1024
"""Bytes that a kubelet keeps of a log by default: 5 files (containerLogMaxFiles) of 10 MiB (containerLogMaxSize)."""
_ACCESS_LOG_FIELDS = {
    ACCESS_LOG: "v1",
    "time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "host": "%REQ(:AUTHORITY)%",
    "protocol": "%PROTOCOL%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "milliseconds": "%DURATION%",
    "received": "%BYTES_RECEIVED%",
    "sent": "%BYTES_SENT%",
    "caller": "%DOWNSTREAM_PEER_URI_SAN%",
    "address": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
    "upstream": "%UPSTREAM_HOST%",
    "route": "%ROUTE_NAME%",
    "request": "%REQ(X-REQUEST-ID)%",
}
"""Fields of a line: no header of the client's but these, and no query, because they may hold secrets."""
_PATH_FIELD = {"path": "%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%"}
_FAILED = "response.code >= 500 || response.flags != 0"
_DIGITS = "0123456789abcdef"
"""Last digits of a request's ID, which Envoy chooses at random."""


TRACING_PROVIDER = Jaeger.name
METRICS_PROVIDER = "prometheus"
"""Istio's own extension provider, which its charts have made the default one since 1.20."""
OWN = "pi-mesh-telemetry"
"""Name of a namespace's Telemetry that logs nothing."""


def extension_providers(settings: Settings) -> Iterator[Values]:
    """Yield the extension providers of istiod's mesh config, to which Telemetry objects refer."""
    mesh, logs = mesh_context(settings), settings.observability.access_logs
    if TRACING_PROVIDER in mesh.enabled:
        yield {"name": TRACING_PROVIDER, "opentelemetry": {"service": mesh.host(TRACING_PROVIDER), "port": OTLP}}
    if settings.audited_namespaces:
        yield _log_provider(AUDIT_PROVIDER, _AUDIT_FIELDS)
    if settings.proxy.egress_audit:
        yield _log_provider(EGRESS_PROVIDER, _EGRESS_FIELDS)
    if logs.enabled:
        yield _log_provider(ACCESS_LOG_PROVIDER, _ACCESS_LOG_FIELDS | (_PATH_FIELD if logs.paths else {}))


def _log_provider(name: str, fields: dict[str, str]) -> Values:
    return {"name": name, "envoyFileAccessLog": {"path": "/dev/stdout", "logFormat": {"labels": {**fields}}}}


def gateway_telemetry(settings: Settings, namespace: str, name: str, pods: dict[str, str]) -> Object:
    """Return the Telemetry of a gateway, whose pods have these labels: Istio takes one object for each selector."""
    entry = _access_log_entry(settings.observability.access_logs.sampling)
    spec = {"selector": {"matchLabels": pods}, "accessLogging": [entry]}
    return istio_object(namespace, "Telemetry", f"{ACCESS_LOG}-{name}", spec)


def namespace_telemetry(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield the Telemetry of a namespace's workloads, if they log something or differ from the mesh's.

    It is one object for all that it says: of several without a selector Istio takes the oldest alone.
    """
    own, logs = namespace.own.telemetry, settings.observability.access_logs
    entries = [*(audits := audit_entries(settings, namespace))]
    if settings.proxy.egress_audit and namespace.own.injection:
        yield server_names(namespace)
        providers, chosen = [{"name": EGRESS_PROVIDER}], {"expression": UNKNOWN_HOSTS}
        entries.append({"match": {"mode": "CLIENT"}, "providers": providers, "filter": chosen})
    if namespace.name in logs.namespaces:
        sampling = logs.sampling if own.access_log_sampling is None else own.access_log_sampling
        entries.append({"match": {"mode": "SERVER"}, **_access_log_entry(sampling)})
    disabled = [{"match": {"metric": metric}, "disabled": True} for metric in own.disabled_metrics]
    spec = given(
        accessLogging=entries,
        tracing=None if own.trace_sampling is None else _tracing(own.trace_sampling),
        metrics=[{"providers": [{"name": METRICS_PROVIDER}], "overrides": disabled}] if disabled else None,
    )
    if spec:
        # By this name the next run knows of the audit (pi_mesh/cluster/stack_state.py).
        name = AUDIT if audits else ACCESS_LOG if entries else OWN
        yield istio_object(namespace.name, "Telemetry", name, spec)


def log_writers(settings: Settings) -> int:
    """Return the number of proxies that write the log, with all the workloads that the namespaces promise."""
    logs = settings.observability.access_logs
    gateways = [gateway for gateway in (settings.ingress, settings.egress) if logs.gateways and gateway.enabled]
    pods = sum(gateway.autoscaling.most(gateway.replicas) for gateway in gateways)
    namespaces = (namespace for namespace in settings.workload_namespaces if namespace.name in logs.namespaces)
    return pods + sum(namespace.own.workloads for namespace in namespaces)


def _access_log_entry(sampling: float) -> Values:
    """Return the entry of `accessLogging`; without a filter it logs every request."""
    return given(providers=[{"name": ACCESS_LOG_PROVIDER}], filter=given(expression=logged_requests(sampling) or None))


def logged_requests(sampling: float) -> str:
    """Return the expression (CEL) that selects the logged requests; empty for all of them."""
    sixteenths = -int(-sampling * len(_DIGITS) // 100)
    if sixteenths >= len(_DIGITS):
        return ""
    return " || ".join([_FAILED, *(f"request.id.endsWith('{digit}')" for digit in _DIGITS[:sixteenths])])


def tracing_telemetry(settings: Settings) -> list[Object]:
    """Return the Telemetry that makes all proxies trace: in the root namespace, without a selector."""
    if TRACING_PROVIDER not in settings.observability.enabled():
        return []
    spec: Object = {"tracing": _tracing(settings.proxy.trace_sampling)}
    return [istio_object(settings.istio.namespace, "Telemetry", "mesh-tracing", spec)]


def _tracing(sampling: float) -> list[Values]:
    return [{"providers": [{"name": TRACING_PROVIDER}], "randomSamplingPercentage": sampling}]
