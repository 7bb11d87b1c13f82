"""The calls in the audit log of the workloads' proxies: those that STRICT or a default deny would refuse."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from pi_mesh.cluster.client import Client
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.values.telemetry import ADDRESS, AUDIT, DENIED, METHOD, PATH, PATH_LENGTH, PEER, PORT

HOURS = 24
LINES = 5000
"""Hours, and last lines of each proxy, that are read."""
WINDOW = f"sinceSeconds={HOURS * 3600}&tailLines={LINES}&timestamps=true"
LOG = f"/api/v1/namespaces/{{}}/pods/{{}}/log?container={SIDECAR}&{WINDOW}"
TIMEOUT = 5
"""Seconds for the log of one proxy."""
ANY_PATH = "*"
"""Path whose first part is not known whole, has odd characters, or is one of too many."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Calls that are counted together, and the times (UTC) of the first and the last, empty while not remembered."""

    count: int = 0
    first: str = ""
    last: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what the calls have in common."""
        varying = ("count", "first", "last", "labels", "denied")
        return tuple(value for name, value in vars(self).items() if name not in varying)


@dataclass(frozen=True)
class AuditedCall(Counted):
    """Calls of one caller to one port of a workload."""

    caller: str
    """Caller in words: a service account, a workload, a node or an address."""
    callee: str
    """NAMESPACE/NAME of the called workload."""
    port: int
    plain_text: bool
    """True if the calls came without mutual TLS."""
    denied: bool
    """True if the dry run of the default deny refused them."""
    labels: Mapping[str, str]
    """Labels of the called pods."""
    identity: str = ""
    """Identity of the caller, such as cluster.local/ns/argocd/sa/default; empty for a caller in plain text."""
    method: str = ""
    """Method of the HTTP requests; empty for TCP."""
    path: str = ""
    """First part of the requests' paths: `/orders`, `/orders/*` for those below it, or `*` where it is not known."""

    @property
    def namespace(self) -> str:
        """Return the namespace of the called workload."""
        return self.callee.partition("/")[0]


@dataclass(frozen=True)
class EgressCall(Counted):
    """Calls of a namespace's workload to a host that the mesh does not know."""

    namespace: str
    caller: str
    protocol: str
    """TLS with a server name, HTTP with a host, or TCP to an address."""
    host: str
    port: int


@dataclass(frozen=True)
class Memory:
    """The calls that `operations learn remember` has kept, of each hour since a time."""

    since: str = ""
    until: str = ""
    calls: tuple[AuditedCall, ...] = ()
    egress: tuple[EgressCall, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    """Number of the calls that no longer have a row, by their caller."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """Time of the last line that was read of each pod, as its log has it."""


@dataclass(frozen=True)
class AuditLog:
    """The audited calls, and the proxies whose log could not be read."""

    calls: tuple[AuditedCall, ...] = ()
    unread: tuple[str, ...] = ()
    """Pods, as NAMESPACE/NAME, with the reason."""
    memory: Memory = field(default_factory=Memory)
    waiting: tuple[str, ...] = ()
    """CronJobs, as NAMESPACE/NAME, that have not run in that time."""


def read(context: str, running: Collection[Pod], namespaces: Collection[str]) -> AuditLog:
    """Read the logs of the namespaces' proxies; `running`: the cluster's pods, which may call. Raises as `Client`."""
    pods = [pod for pod in running if pod.namespace in namespaces and pod.has_lasting_proxy]
    names, by_key = callers(running), dict[tuple[Any, ...], AuditedCall]()
    with Client(context) as client:
        texts, unread = log_texts(client, pods)
    for call in (audited_call(pod, entry, names) for pod, text in texts for _, entry in marked_lines(text, AUDIT)):
        by_key[call.key] = replace(call, count=by_key.get(call.key, call).count + 1)
    return AuditLog(tuple(sorted(by_key.values(), key=lambda call: -call.count)), unread)


def log_texts(client: Client, pods: Collection[Pod]) -> tuple[list[tuple[Pod, str]], tuple[str, ...]]:
    """Return the log of each pod's proxy, and the pods whose log could not be read, with the reason."""
    with ThreadPoolExecutor(max_workers=5) as pool:
        answers = list(pool.map(lambda pod: client.relay(LOG.format(pod.namespace, pod.name), TIMEOUT), pods))
    both = list(zip(pods, answers, strict=True))
    failed = ((pod.id, answer.reason or f"status {answer.status}") for pod, answer in both if answer.status != 200)
    texts = [(pod, answer.text) for pod, answer in both if answer.status == 200]
    return texts, tuple(f"{name} ({reason})" for name, reason in failed)


def callers(pods: Iterable[Pod]) -> dict[str, str]:
    """Return the pods' workloads and nodes in words, by address; a pod that has ended no longer has its address."""
    ended_first = sorted((pod for pod in pods if pod.address), key=lambda pod: not pod.finished)
    return {pod.address: f"node {pod.node}" if pod.host_network else f"workload {lasting(pod)}" for pod in ended_first}


def lasting(pod: Pod) -> str:
    """Return NAMESPACE/NAME of the pod's workload, for a CronJob's pod without the number of its run."""
    return re.sub(r"-\d{7,}$", "", pod.workload) if pod.owner.startswith("Job/") else pod.workload


def marked_lines(text: str, *marks: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the time, and the fields, of each line of a log that has one of the marks as a field."""
    for line in text.splitlines():
        time, brace, fields = line.partition("{")
        try:
            entry = json.loads(brace + fields) if any(f'"{mark}"' in fields for mark in marks) else None
        except ValueError:
            continue
        if isinstance(entry, dict) and any(mark in entry for mark in marks):
            yield time.strip(), entry


def audited_call(pod: Pod, entry: Mapping[str, Any], names: Mapping[str, str]) -> AuditedCall:
    """Return the call of a line in the log of the called pod; `names`: the callers without an identity by address."""
    peer, denied = str(entry.get(PEER) or "").removeprefix("spiffe://"), "denied" in str(entry.get(DENIED))
    caller = _account(peer) if peer else names.get(entry.get(ADDRESS, ""), f"address {entry.get(ADDRESS)}")
    method, path = str(entry.get(METHOD) or ""), str(entry.get(PATH) or "")
    pattern = first_part(path) if path else method and ANY_PATH
    call = AuditedCall(caller, lasting(pod), int(entry.get(PORT) or 0), not peer, denied, pod.labels)
    return replace(call, identity=peer, method=method, path=pattern)


def first_part(path: str) -> str:
    """Return the pattern of a path by its first part."""
    first, below, _ = path[1:].partition("/")
    is_whole = bool(first) if below else len(path) < PATH_LENGTH
    if not is_whole or not re.fullmatch(r"[\w.~-]*", first, re.ASCII):
        return ANY_PATH
    return f"/{first}{below and '/*'}"


def _account(peer: str) -> str:
    """Return the service account of an identity such as "cluster.local/ns/argocd/sa/default"."""
    parts = peer.split("/")
    return f"service account {parts[2]}/{parts[4]}" if parts[1::2] == ["ns", "sa"] else f"identity {peer}"
