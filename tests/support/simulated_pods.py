"""Pods as istiod injects them on simulated nodes, and Istio objects of five kinds, beside the mesh of a test."""

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import Any

from lab.cluster import simulated
from lab.cluster.kubectl import kubectl
from lab.cluster.simulated import TOLERATION, SimulatedNode
from lab.cluster.waiting import wait_until
from lab.workloads import TRADING

Manifest = dict[str, Any]
NAMESPACE = "crowd-of-pods"
"""Namespace without injection: its pods carry the sidecar in their spec already, so that no webhook is asked."""
BATCH, SENDERS = 250, 3


def up(pods: int, nodes: int, objects: int) -> None:
    """Create what the crowd still lacks, and wait until its pods run: pods that exist can't be applied again."""
    homes = simulated_nodes(nodes)
    simulated.put(*homes)
    _apply(surroundings())
    exist, wanted = _running(), injected_pods(injected(), pods, homes)
    everything = chain(islice(wanted, exist, None), istio_objects(objects))
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(_apply, _batches(list(everything))))
    wait_until("running pods", lambda: _running() == pods, seconds=120)


def down() -> None:
    """Delete the crowd with its nodes."""
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=300s")
    simulated.remove_all()


def simulated_nodes(count: int) -> list[SimulatedNode]:
    """Return simulated Pis."""
    return [SimulatedNode(f"crowd-{number}") for number in range(count)]


def surroundings() -> list[Manifest]:
    """Return the namespace, with the account without which the API server accepts no pod."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": NAMESPACE}}
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, account]


def injected() -> Manifest:
    """Return a pod as a server-side dry run in the trading namespace injects it: of the size of a real one."""
    container = {"name": "app", "image": "nginx", "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}}}
    metadata = {"name": "app", "namespace": TRADING}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
    return json.loads(kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", stdin=json.dumps(pod)))


def injected_pods(template: Manifest, count: int, on: list[SimulatedNode]) -> Iterator[Manifest]:
    """Yield pods like the template, spread evenly over the nodes."""
    annotations, labels = template["metadata"].get("annotations", {}), template["metadata"].get("labels", {})
    for number in range(count):
        metadata = {"name": f"app-{number}", "namespace": NAMESPACE, "annotations": annotations}
        own = {"nodeName": on[number % len(on)].name, "tolerations": [TOLERATION]}
        labelled = {**labels, "app": f"app-{number % 200}"}
        spec = {**template["spec"], **own}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": {**metadata, "labels": labelled}, "spec": spec}


def istio_objects(count: int) -> Iterator[Manifest]:
    """Yield Istio objects of five kinds in turn: all harmless, none seen outside its namespace."""
    for number in range(count):
        kind, group, spec = _SPECS[number % len(_SPECS)]
        metadata = {"name": f"app-{number}", "namespace": NAMESPACE}
        yield {"apiVersion": f"{group}/v1", "kind": kind, "metadata": metadata, "spec": spec(number // len(_SPECS))}


def _batches(manifests: Sequence[Manifest]) -> Iterable[Sequence[Manifest]]:
    return (manifests[start : start + BATCH] for start in range(0, len(manifests), BATCH))


def _apply(manifests: Sequence[Manifest]) -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": manifests}
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(items))


def _running() -> int:
    selector = "--field-selector=status.phase=Running"
    return len(kubectl("get", "pods", f"--namespace={NAMESPACE}", selector, "-o", "name").splitlines())


def _virtual_service(number: int) -> Manifest:
    return {"hosts": [_host(number)], "exportTo": ["."], "http": [{"directResponse": {"status": 200}}]}


def _destination_rule(number: int) -> Manifest:
    pool = {"connectionPool": {"tcp": {"maxConnections": 9}}}
    return {"host": _host(number), "exportTo": ["."], "trafficPolicy": pool}


def _service_entry(number: int) -> Manifest:
    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    return {"hosts": [_host(number)], "exportTo": ["."], "resolution": "DNS", "ports": [port]}


def _authorization_policy(number: int) -> Manifest:
    source = {"principals": [f"cluster.local/ns/{NAMESPACE}/sa/app-{number}"]}
    return {"selector": _selector(number), "action": "ALLOW", "rules": [{"from": [{"source": source}]}]}


def _peer_authentication(number: int) -> Manifest:
    return {"selector": _selector(number), "mtls": {"mode": "STRICT"}}


def _host(number: int) -> str:
    return f"app-{number}.crowd.example"


def _selector(number: int) -> Manifest:
    return {"matchLabels": {"app": f"app-{number}"}}


_SPECS = (
    ("ServiceEntry", "networking.istio.io", _service_entry),
    ("VirtualService", "networking.istio.io", _virtual_service),
    ("DestinationRule", "networking.istio.io", _destination_rule),
    ("AuthorizationPolicy", "security.istio.io", _authorization_policy),
    ("PeerAuthentication", "security.istio.io", _peer_authentication),
)
