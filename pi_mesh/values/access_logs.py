"""The access logs: a log format of istiod's, and the entries of Telemetry objects that select requests.

https://istio.io/latest/docs/tasks/observability/logs/telemetry-api/
"""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.values import audit
from pi_mesh.values.extra import Values
from pi_mesh.values.objects import Object, telemetry

PROVIDER = NAME = "pi-mesh-access-log"
LINE = 500
"""Bytes of a line in the node's log file, as containerd writes it. Lines with a path took 414 to 427 at the local
cluster's ingress gateway, and 452 to 494 at a sidecar (2026-11-26); longer names and paths take more."""
KEPT = 50 * 1024 * 1024
"""Bytes that a kubelet keeps of a container's log by default: five files (containerLogMaxFiles) of 10 MiB
(containerLogMaxSize)."""
_FIELDS = {
    NAME: "v1",
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
_PATH = {"path": "%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%"}
_FAILED = "response.code >= 500 || response.flags != 0"
_DIGITS = "0123456789abcdef"
"""Last digits of a request's ID, which Envoy chooses at random."""


def providers(settings: Settings) -> list[Values]:
    """Return the extension provider of istiod's mesh config that writes the log; none without access logs."""
    wanted = settings.observability.access_logs
    if not wanted.enabled:
        return []
    fields = {**_FIELDS, **(_PATH if wanted.paths else {})}
    return [{"name": PROVIDER, "envoyFileAccessLog": {"path": "/dev/stdout", "logFormat": {"labels": fields}}}]


def of_gateway(settings: Settings, namespace: str, name: str, pods: dict[str, str]) -> Object:
    """Return the Telemetry of a gateway, whose pods have these labels: Istio takes one object for each selector."""
    return telemetry(
        namespace, f"{NAME}-{name}", {"selector": {"matchLabels": pods}, "accessLogging": [_entry(settings)]}
    )


def of_namespace(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield the Telemetry of a namespace's workloads, if they log something.

    It is one object for the access log and the audit: of several without a selector Istio takes the oldest alone.
    """
    entries = audits = audit.logging(settings, namespace)
    if namespace.name in settings.observability.access_logs.namespaces:
        entries = [*audits, {"match": {"mode": "SERVER"}, **_entry(settings)}]
    if entries:
        # By this name the next run knows of the audit (pi_mesh/cluster/access_state.py).
        yield telemetry(namespace.name, audit.NAME if audits else NAME, {"accessLogging": entries})


def writers(settings: Settings) -> int:
    """Return the number of proxies that write the log, with all the workloads that the namespaces promise."""
    wanted = settings.observability.access_logs
    gateways = [gateway for gateway in (settings.ingress, settings.egress) if wanted.gateways and gateway.enabled]
    pods = sum(one.autoscaling.max_replicas if one.autoscaling.enabled else one.replicas for one in gateways)
    return pods + sum(one.own.workloads for one in settings.workload_namespaces if one.name in wanted.namespaces)


def _entry(settings: Settings) -> Values:
    """Return the entry of `accessLogging`; without a filter it logs every request."""
    expression = selected(settings.observability.access_logs.sampling)
    return {"providers": [{"name": PROVIDER}], **({"filter": {"expression": expression}} if expression else {})}


def selected(sampling: float) -> str:
    """Return the expression (CEL) that selects the logged requests; empty for all of them."""
    sixteenths = -int(-sampling * len(_DIGITS) // 100)
    if sixteenths >= len(_DIGITS):
        return ""
    return " || ".join([_FAILED, *(f"request.id.endsWith('{digit}')" for digit in _DIGITS[:sixteenths])])
