"""The calls in the audit log of the workloads' proxies: those that STRICT or a default deny would refuse."""

import json
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from pi_mesh.cluster.client import Client
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.values.telemetry import ADDRESS, AUDIT, DENIED, PEER, PORT

HOURS = 24
LINES = 5000
"""Hours, and last lines of each proxy, that are read."""
LOG = f"/api/v1/namespaces/{{}}/pods/{{}}/log?container={SIDECAR}&sinceSeconds={HOURS * 3600}&tailLines={LINES}"
TIMEOUT = 5
"""Seconds for the log of one proxy."""


@dataclass(frozen=True)
class AuditedCall:
    """Calls of one caller to one port of a workload."""

    caller: str
    """Caller in words: a service account, a pod, a node or an address."""
    callee: str
    """NAMESPACE/NAME of the called workload."""
    port: int
    plain_text: bool
    """True if the calls came without mutual TLS."""
    denied: bool
    """True if the dry run of the default deny refused them."""
    labels: Mapping[str, str]
    """Labels of the called pods."""
    count: int = 0


@dataclass(frozen=True)
class AuditLog:
    """The audited calls, and the proxies whose log could not be read."""

    calls: tuple[AuditedCall, ...] = ()
    unread: tuple[str, ...] = ()
    """Pods, as NAMESPACE/NAME, with the reason."""


def read(context: str, running: Collection[Pod], namespaces: Collection[str]) -> AuditLog:
    """Read the logs of the namespaces' proxies; `running`: the cluster's pods, which may call. Raises as `Client`."""
    pods = [pod for pod in running if pod.namespace in namespaces and pod.has_lasting_proxy]
    names = {pod.address: f"node {pod.node}" if pod.host_network else f"pod {pod.id}" for pod in running if pod.address}
    with Client(context) as client, ThreadPoolExecutor(max_workers=5) as pool:
        answers = list(pool.map(lambda pod: client.relay(LOG.format(pod.namespace, pod.name), TIMEOUT), pods))
    unread: list[str] = []
    by_key: dict[tuple[str, str, int, bool, bool], AuditedCall] = {}
    for pod, answer in zip(pods, answers, strict=True):
        if answer.status != 200:
            unread.append(f"{pod.id} ({answer.reason or f'status {answer.status}'})")
            continue
        for call in _calls(pod, answer.text, names):
            key = call.caller, call.callee, call.port, call.plain_text, call.denied
            by_key[key] = replace(call, count=by_key.get(key, call).count + 1)
    return AuditLog(tuple(sorted(by_key.values(), key=lambda call: -call.count)), tuple(unread))


def _calls(pod: Pod, text: str, names: Mapping[str, str]) -> Iterator[AuditedCall]:
    """Yield the calls in a proxy's log, one for each line."""
    for line in text.splitlines():
        try:
            entry = json.loads(line) if f'"{AUDIT}"' in line else None
        except ValueError:
            continue
        if isinstance(entry, dict) and AUDIT in entry:
            peer, denied = str(entry.get(PEER) or "").removeprefix("spiffe://"), "denied" in str(entry.get(DENIED))
            caller = _account(peer) if peer else names.get(entry.get(ADDRESS, ""), f"address {entry.get(ADDRESS)}")
            yield AuditedCall(caller, pod.workload, int(entry.get(PORT) or 0), not peer, denied, pod.labels)


def _account(peer: str) -> str:
    """Return the service account of an identity such as "cluster.local/ns/argocd/sa/default"."""
    parts = peer.split("/")
    return f"service account {parts[2]}/{parts[4]}" if parts[1::2] == ["ns", "sa"] else f"identity {peer}"
