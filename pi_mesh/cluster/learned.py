"""The memory of the audits: the calls that the proxies' logs have shown, kept for weeks in one ConfigMap.

Each run adds what the logs have since the run before. The ConfigMap is bounded, whoever calls what.
"""

import base64
import gzip
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from pi_mesh.cluster import audit_log, pods
from pi_mesh.cluster.audit_log import ANY_PATH, HOURS, LINES, AuditedCall, Counted, EgressCall, Memory
from pi_mesh.cluster.client import Client, Forbidden
from pi_mesh.cluster.pods import Pod
from pi_mesh.names import PROJECT, SHORT_LIVED_LABEL
from pi_mesh.values.telemetry import ACCESS_LOG, ADDRESS, AUDIT, EGRESS, HOST, PEER, PORT, SNI

NAME, KEY = f"{PROJECT}-learned", "calls.json.gz"
MOST_ROWS, MOST_PATHS, MOST_OTHERS = 2000, 20, 50
"""Rows of a kind, methods and paths of one caller at one port, and callers that are named without a row."""
MOST_BYTES = 180 * 1024
"""Bytes of the compressed memory, of which base64 makes less than 256 KiB."""
FORGOTTEN = timedelta(days=90)
"""Time after which a call that did not come again is forgotten."""
Line = tuple[str, Mapping[str, Any]]
TIME = "%Y-%m-%dT%H:%M:%SZ"


@cache
def _adapter() -> TypeAdapter[Memory]:
    return TypeAdapter(Memory)


class Store(NamedTuple):
    """The ConfigMap in istiod's namespace, as it was read."""

    memory: Memory
    version: str = ""
    """Its resourceVersion; empty where there is none."""
    damaged: str = ""
    """Content that could not be read."""


def read(client: Client, namespace: str) -> Store:
    item = client.get(f"/api/v1/namespaces/{namespace}/configmaps/{NAME}") or {}
    content = (item.get("binaryData") or {}).get(KEY, "")
    version = item.get("metadata", {}).get("resourceVersion", "")
    try:
        memory = _adapter().validate_json(gzip.decompress(base64.b64decode(content))) if content else Memory()
    except (ValueError, OSError, EOFError, zlib.error):
        return Store(Memory(), version, content)
    return Store(memory, version)


def write(client: Client, namespace: str, store: Store, memory: Memory) -> int:
    """Write the memory and return its bytes. Raises Refused if another run wrote since the store was read."""
    path, content = f"/api/v1/namespaces/{namespace}/configmaps", base64.b64encode(_packed(memory)).decode()
    damaged = {f"damaged-{memory.until.replace(':', '')}": store.damaged} if store.damaged else {}
    metadata = {"name": NAME, "namespace": namespace} | ({"resourceVersion": store.version} if store.version else {})
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": {KEY: content, **damaged}}
    if store.version:
        client.patch(f"{path}/{NAME}", body)
    else:
        client.create(path, body)
    return len(content)


def _packed(memory: Memory) -> bytes:
    return gzip.compress(_adapter().dump_json(memory), mtime=0)


def waiting_jobs(client: Client, since: str) -> tuple[str, ...]:
    """Return the CronJobs that have not run since; none where they may not be listed."""
    try:
        items = client.items("/apis/batch/v1/cronjobs")
    except Forbidden:
        return ()
    late = [item for item in items if item.get("status", {}).get("lastScheduleTime", "") < since]
    names = (item["metadata"] for item in late if not item["spec"].get("suspend"))
    return tuple(f"{meta['namespace']}/{meta['name']}" for meta in names)


def with_logs(client: Client, memory: Memory, namespaces: Collection[str]) -> tuple[Memory, list[str]]:
    """Return the memory with what the logs of the namespaces' proxies have since, and what was not read, in words."""
    every = [pods.parse(item) for item in client.each("/api/v1/pods")]
    # Also of pods that have ended: a CronJob's pod may have come and gone since the last run.
    proxied = [pod for pod in every if pod.namespace in namespaces and pod.has_sidecar and pod.phase != "Pending"]
    texts, unread = audit_log.log_texts(client, [pod for pod in proxied if SHORT_LIVED_LABEL not in pod.labels])
    now, names, since, gaps = client.now(), audit_log.callers(every), memory.since, [f"pod {pod}" for pod in unread]
    marks = {pod.id: memory.marks[pod.id] for pod in proxied if pod.id in memory.marks}
    rows: dict[Any, Any] = {row.key: row for row in (*memory.calls, *memory.egress)}
    for pod, text in texts:
        lines = list(audit_log.marked_lines(text, AUDIT, EGRESS, ACCESS_LOG))
        new = _after(lines, marks.get(pod.id, ""))
        if new == lines and pod.id in marks and len(text.splitlines()) >= LINES:
            gaps.append(f"pod {pod.id} (it wrote more than {LINES} lines since the last run)")
        if lines:
            marks[pod.id] = lines[-1][0]
        for time, call in _calls(pod, new, names):
            # Another time than these is that of a clock that was wrong.
            at = f"{max(now - timedelta(hours=HOURS), min(_time(time, now), now)):{TIME}}"
            row = rows.get(call.key, replace(call, first=at, last=at))
            rows[call.key] = replace(call, count=row.count + 1, first=min(row.first, at), last=max(row.last, at))
    if since and now - _time(memory.until, now) > timedelta(hours=HOURS):
        gaps.append(f"no run since {memory.until}: the logs of the last {HOURS} hours alone were read")
        since = ""
    kept = [row for row in rows.values() if row.last >= f"{now - FORGOTTEN:{TIME}}"]
    whole = replace(memory, since=since or f"{now:{TIME}}", until=f"{now:{TIME}}", marks=marks)
    return _bounded(whole, kept, MOST_ROWS), gaps


def _after(lines: list[Line], mark: str) -> list[Line]:
    """Return the lines after the mark: by its place, so that a clock set back hides none, or else by their time."""
    places = [number for number, (time, _) in enumerate(lines, 1) if time == mark]
    start = datetime.min.replace(tzinfo=UTC)
    return lines[places[-1] :] if places else [line for line in lines if _time(line[0], start) >= _time(mark, start)]


def _time(text: str, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return otherwise


def _calls(pod: Pod, lines: list[Line], names: Mapping[str, str]) -> Iterator[tuple[str, Counted]]:
    """Yield each line's time and call. The access log shows admitted requests, which alone have an upstream."""
    audited = {(entry.get(PEER), entry.get(ADDRESS), time[:19]) for time, entry in lines if AUDIT in entry}
    for time, entry in lines:
        caller = entry.get("caller")
        if EGRESS in entry:
            yield time, _egress_call(pod, entry)
        elif AUDIT in entry:
            yield time, audit_log.audited_call(pod, entry, names)
        elif entry.get("upstream") and (caller, entry.get(ADDRESS), time[:19]) not in audited:
            port = str(entry["upstream"]).rpartition(":")[2]
            yield time, audit_log.audited_call(pod, {**entry, PEER: caller, PORT: port}, names)


def _egress_call(pod: Pod, entry: Mapping[str, Any]) -> EgressCall:
    address, server, host = (str(entry.get(key) or "") for key in (ADDRESS, SNI, HOST))
    name = server or host.partition(":")[0]
    protocol = "TCP" if name in ("", address) else "TLS" if server else "HTTP"
    return EgressCall(pod.namespace, audit_log.lasting(pod), protocol, name or address, int(entry.get(PORT) or 0))


def _bounded(memory: Memory, rows: Sequence[Any], most: int) -> Memory:
    """Return the memory with these rows in its bounds: first paths are given up, then rows are counted as others."""
    by_place: dict[tuple[object, ...], list[Any]] = defaultdict(list)
    for row in rows:
        by_place[(row.caller, row.callee, row.port) if isinstance(row, AuditedCall) else row.key].append(row)
    fewest = MOST_PATHS if len(rows) <= most else 1
    merged = [row for group in by_place.values() for row in (group if len(group) <= fewest else [_pathless(group)])]
    kept, dropped = _fair(merged, most)
    others = Counter(memory.others)
    for row in dropped:
        others[row.caller if row.caller in others or len(others) < MOST_OTHERS else "further callers"] += row.count
    calls = tuple(row for row in kept if isinstance(row, AuditedCall))
    egress = tuple(row for row in kept if isinstance(row, EgressCall))
    whole = replace(memory, calls=calls, egress=egress, others=dict(others))
    return whole if len(_packed(whole)) <= MOST_BYTES or not most else _bounded(memory, rows, most // 2)


def _pathless(calls: list[AuditedCall]) -> AuditedCall:
    """Return the calls of one caller to one port as one row, of any method and path."""
    first, last = min(call.first for call in calls), max(call.last for call in calls)
    return replace(calls[-1], count=sum(call.count for call in calls), first=first, last=last, method="", path=ANY_PATH)


def _fair(rows: Sequence[Any], most: int) -> tuple[list[Any], list[Any]]:
    """Return the kept rows and the others: the rarest and oldest of the callers with the most rows go first.

    Callers that are addresses count as one, since one sender may have many.
    """
    ranks, ranked = Counter[str](), list[tuple[int, Any]]()
    for row in sorted(rows, key=lambda row: (row.count, row.last), reverse=True):
        caller = "" if row.caller.startswith("address ") else row.caller
        ranked.append((ranks[caller], row))
        ranks[caller] += 1
    ordered = [row for _, row in sorted(ranked, key=lambda entry: entry[0])]
    return ordered[:most], ordered[most:]
