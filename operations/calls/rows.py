"""The rows and findings of `calls`, from the counters of the proxies: names and labels are those of Istio's filter.

https://github.com/istio/proxy/blob/master/source/extensions/filters/http/istio_stats/istio_stats.cc
"""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from operations import command_line, results, stacks
from operations.results import Edge, Report
from pi_mesh.checks.finding import CLUSTER, Finding, Subject, ok, setting, unknown
from pi_mesh.cluster import proxies
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.metrics import samples
from pi_mesh.cluster.proxies import AT_ONCE, MOST, Proxy
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.words import counted

ID = "calls"
BUILD = "istio_build"
"""Gauge of every proxy that has the filter, also before the first call."""
REQUESTS, OPENED = "istio_requests_total", "istio_tcp_connections_opened_total"
BYTES = ("istio_tcp_sent_bytes_total", "istio_tcp_received_bytes_total")
COUNTED = {"ALL_METRICS", "REQUEST_COUNT", "TCP_OPENED_CONNECTIONS", "TCP_SENT_BYTES", "TCP_RECEIVED_BYTES"}
"""Metrics of these counters, as a namespace's `telemetry.disabledMetrics` has them."""
ROWS = 500
"""Largest number of rows: a caller chooses the name of its workload itself."""
PROTOCOLS = {"http": "HTTP", "grpc": "gRPC"}
NOT_ARRIVED = {"UH", "UF", "UO", "NR", "NC"}
"""Envoy's flags of requests that its caller's proxy answered, so that the callee's proxy did not count them."""
OUT = {"BlackHoleCluster": "refused, unregistered host", "PassthroughCluster": "unregistered host"}
"""Istio's names for the targets of calls to hosts that it does not know, by `proxy.outboundTraffic`."""
NO_ROUTE = "no route"
CLUSTER_HOST = re.compile(r"^([^.]+)\.([^.]+)\.svc\.")
LONGEST = 253
"""Largest number of characters of a Kubernetes name."""

Series = tuple[tuple[str, str], ...]


class Key(NamedTuple):
    """Calls that are one row."""

    caller: str
    callee: str
    protocol: str
    port: int | None
    security: str
    leaves: bool


class Reading(NamedTuple):
    """The counters of a proxy at one time."""

    at: float
    """Time by this machine's steady clock, in seconds."""
    values: Mapping[tuple[str, Series], float]
    """Value of each counter, by its metric and labels."""
    counts_calls: bool = True
    """False if the proxy has no filter that counts calls."""
    cut: bool = False
    """True if there were more counters than are read."""


def reading(text: str, at: float) -> Reading:
    """Return the reading of a proxy's text; the rest of a line that was cut is left out."""
    cut = len(text.encode()) >= MOST
    whole = text[: text.rfind("\n")] if cut else text
    values = {
        (sample.metric, tuple(sample.labels.items())): sample.value
        for sample in samples(whole, REQUESTS, OPENED, *BYTES)
    }
    return Reading(at, values, bool(values) or any(samples(whole, BUILD)), cut)


def increases(first: Reading, second: Reading) -> Iterator[tuple[str, Mapping[str, str], float]]:
    """Yield how much each counter has grown per second, with its metric and labels.

    A counter that went back began again at zero, as Prometheus' `rate` has it, and so did a new one. Of readings that
    were cut, a counter of the second alone may be an old one.
    """
    seconds, is_cut = second.at - first.at, first.cut or second.cut
    for (metric, labels), value in second.values.items():
        before = first.values.get((metric, labels), value if is_cut else 0)
        if grown := value - before if value >= before else value:
            yield metric, dict(labels), grown / seconds


@dataclass(frozen=True)
class Ends:
    """The callers and callees, as pods and Services tell them."""

    gateways: frozenset[str]
    """Workloads of gateways to which the world outside calls."""
    counting: frozenset[str]
    """Workloads, and hosts of Services, whose own sidecars count the calls to them."""
    ports: Mapping[str, int]
    """Port of each Service that has only one, by host."""

    def key(self, proxy: Proxy, metric: str, labels: Mapping[str, str]) -> Key | None:
        """Return the row of a counter; None for a call that the callee's proxy counts too."""
        protocol = PROTOCOLS.get(labels.get("request_protocol", ""), "HTTP") if metric == REQUESTS else "TCP"
        host = plain(labels.get("destination_service", ""))
        port = self.ports.get(host)
        if labels.get("reporter") == "destination":
            is_mutual = labels.get("connection_security_policy") == "mutual_tls"
            caller = self._caller(labels) if is_mutual else "without identity"
            security = "mutual TLS" if is_mutual else "plain text"
            return Key(caller, proxy.pod.workload, protocol, port, security, False)
        workload, flags = _workload(labels, "destination"), set(labels.get("response_flags", "").split(","))
        if (workload or host) in self.counting and not flags & NOT_ARRIVED:
            return None
        name = NO_ROUTE if "NR" in flags else labels.get("destination_service_name", "")
        callee, leaves = _callee(host, workload, name)
        # Only this label tells it: a caller's proxy leaves connection_security_policy unknown.
        security = "mutual TLS" if labels.get("destination_principal", "unknown") != "unknown" else "unknown"
        return Key(self._name(proxy.pod.workload), callee, protocol, port, security, leaves)

    def _caller(self, labels: Mapping[str, str]) -> str:
        """Return the caller's workload: its namespace is from the certificate, its name is the caller's own word."""
        account = plain(labels.get("source_principal", "")).rpartition("/ns/")[2].replace("/sa/", "/")
        return self._name(_workload(labels, "source") or f"service account {account}")

    def _name(self, workload: str) -> str:
        return f"outside, by {workload}" if workload in self.gateways else workload


def ends(settings: Settings, snapshot: Snapshot, running: Iterable[Proxy]) -> Ends:
    """Return the ends of calls in this snapshot."""
    egress = f"{settings.istio.namespace}/{settings.releases.names.egress}"
    gateways = frozenset(proxy.pod.workload for proxy in running if proxy.is_gateway) - {egress}
    sidecars = [proxy.pod for proxy in running if not proxy.is_gateway]
    hosts = {service.host for service in snapshot.services if service.pods_behind(sidecars)}
    ports = {service.host: service.ports[0] for service in snapshot.services if len(service.ports) == 1}
    return Ends(gateways, frozenset({*hosts, *(pod.workload for pod in sidecars)}), ports)


def plain(value: str) -> str:
    """Return a label's value without characters that a terminal or a table could take as a command."""
    return re.sub(r"[^\w.:/*-]", "?", value[:LONGEST], flags=re.ASCII)


def _workload(labels: Mapping[str, str], end: str) -> str:
    """Return NAMESPACE/NAME of an end's workload; empty if it is not known."""
    namespace, name = labels.get(f"{end}_workload_namespace", ""), labels.get(f"{end}_workload", "")
    return "" if {namespace, name} & {"", "unknown"} else f"{plain(namespace)}/{plain(name)}"


def _callee(host: str, workload: str, name: str) -> tuple[str, bool]:
    """Return the callee of a call that its caller alone counts, and True if it is outside of the mesh."""
    inside = CLUSTER_HOST.match(host)
    if name == NO_ROUTE or workload:  # without a route the host is whatever a client asked for
        return workload or name, False
    if name in OUT:
        return f"{host} ({OUT[name]})", not inside
    return (f"{inside[2]}/{inside[1]}", False) if inside else (host, host not in ("", "unknown"))


def edges(known: Ends, readings: Iterable[tuple[Proxy, Reading, Reading]]) -> list[Edge]:
    """Return a row for each pair of caller and callee, the most frequent first."""
    sums: dict[Key, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for proxy, first, second in readings:
        for metric, labels, rate in increases(first, second):
            if key := known.key(proxy, metric, labels):
                part = "bytes" if metric in BYTES else "calls"
                sums[key][part] += rate
                sums[key]["failed"] += rate if part == "calls" and has_failed(labels) else 0
    rows = [_row(key, **parts) for key, parts in sums.items()]
    return sorted(rows, key=lambda row: (-row.rate, -(row.bytes or 0), row.caller, row.callee))


def has_failed(labels: Mapping[str, str]) -> bool:
    """Return True for an answer of 500 and above, or of gRPC with a status that is not OK."""
    return labels.get("response_code", "").startswith("5") or labels.get("grpc_response_status", "") not in ("", "0")


def _row(key: Key, calls: float = 0, failed: float = 0, bytes: float = 0) -> Edge:
    is_tcp = key.protocol == "TCP"
    share, sent = (None, round(bytes, 1)) if is_tcp else (round(failed / calls, 4), None)
    return Edge(**key._asdict(), rate=round(calls, 3), failed=share, bytes=sent)


def read(stack: str, window: float, namespace: str | None) -> Report:
    """Return the report of a stack's calls in a window. Raises as `stacks.load_with_cluster` does."""
    settings, cluster = stacks.load_with_cluster(stack)
    running = proxies.of_snapshot(cluster, settings.istio.namespace).proxies
    ask = partial(_asked, settings.cluster.context)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        before = list(pool.map(ask, running))
        time.sleep(window if running else 0)
        after = list(pool.map(ask, running))
    readings: list[tuple[Proxy, Reading, Reading]] = []
    findings = list(_settings_findings(settings))
    for proxy, first, second in zip(running, before, after, strict=True):
        if isinstance(first, str) or isinstance(second, str):
            problem = first if isinstance(first, str) else second
            findings.append(unknown(ID, Subject("pod", proxy.id), f"{UNREAD}: {problem}"))
            continue
        readings.append((proxy, first, second))
        findings += _reading_findings(proxy, first, second)
    rows = [row for row in edges(ends(settings, cluster, running), readings) if _is_shown(row, namespace)]
    if len(rows) > ROWS:
        findings.append(unknown(ID, CLUSTER, f"has {len(rows)} kinds of calls; the {ROWS} most frequent are shown"))
    message = f"{counted(len(readings), 'proxy was', 'proxies were')} read twice, {window:g} s apart"
    findings.append(ok(ID, CLUSTER, message, number=len(readings)))
    return results.completed(ID, stack, findings, edges=tuple(rows[:ROWS]))


UNREAD = "its calls are missing, for its counters could not be read"


def _asked(context: str, proxy: Proxy) -> Reading | str:
    """Return the counters of a proxy now, or the reason for which they could not be read."""
    try:
        text = proxies.read_calls(context, proxy.pod.namespace, proxy.pod.name)
    except ClusterUnreachable as problem:
        return str(problem)
    return reading(text, time.monotonic())


def _settings_findings(settings: Settings) -> Iterator[Finding]:
    for namespace in settings.workload_namespaces:
        if disabled := sorted(COUNTED & {*namespace.own.telemetry.disabled_metrics}):
            key = setting(f"{namespace.setting}.telemetry.disabledMetrics")
            yield unknown(ID, key, f"calls to namespace {namespace.name} are missing without {', '.join(disabled)}")


def _reading_findings(proxy: Proxy, first: Reading, second: Reading) -> Iterator[Finding]:
    pod = Subject("pod", proxy.id)
    if not second.counts_calls:
        yield unknown(ID, pod, "counts no calls: its proxy has no filter istio.stats, as where a Telemetry disables it")
    if first.cut or second.cut:
        yield unknown(
            ID, pod, f"has more counters than the {MOST // 1024**2} MiB that are read; some calls are missing"
        )


def _is_shown(row: Edge, namespace: str | None) -> bool:
    return not namespace or any(word.startswith(f"{namespace}/") for word in f"{row.caller} {row.callee}".split())


COLUMNS = ("caller", "calls", "protocol", "port", "per second", "bytes per second", "failed", "security")


def show(done: Report, everything: bool) -> None:
    """Print the calls as a table, and the findings below it."""
    command_line.show_table(COLUMNS, map(_cells, done.edges or ()))
    command_line.show_report(done, everything=everything)


def _cells(row: Edge) -> tuple[str, ...]:
    callee = f"{row.callee}, outside" if row.leaves else row.callee
    sent = "" if row.bytes is None else f"{row.bytes:.0f}"
    failed = "" if row.failed is None else f"{row.failed:.1%}"
    return row.caller, callee, row.protocol, str(row.port or ""), f"{row.rate:.2f}", sent, failed, row.security
