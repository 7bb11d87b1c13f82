"""Troubles of a mesh, each of which must make an alert fire."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.cluster import records
from lab.cluster.kubectl import kubectl
from lab.cluster.shell import LabError
from lab.workloads import CONTROL, TRADING, Workload, apply, delete, manifests
from tests.support import pods

ALERTS_OF_PODS = {
    "MeshProxyCertificateEndsSoon": Workload(
        "short-lived",
        # Ten minutes, of which the agent renews only the last: 20 % of `mtls.certificateLifetime` are 24.
        annotations={"proxy.istio.io/config": 'proxyMetadata: {SECRET_TTL: "600s", SECRET_GRACE_PERIOD_RATIO: "0.05"}'},
    ),
    "MeshContainerNearMemoryLimit": Workload(
        "tight",
        annotations={"sidecar.istio.io/proxyMemory": "32Mi", "sidecar.istio.io/proxyMemoryLimit": "40Mi"},
    ),
    "MeshContainerThrottled": Workload(
        "slow", annotations={"sidecar.istio.io/proxyCPU": "10m", "sidecar.istio.io/proxyCPULimit": "40m"}
    ),
}
"""Workloads that alone make an alert fire, by its name."""
UNKNOWN_FILTER = {
    "name": "no-such-filter",
    "typed_config": {
        "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
        "type_url": "type.googleapis.com/no.such.Filter",
    },
}
REJECTED: dict[str, Any] = {
    "apiVersion": "networking.istio.io/v1alpha3",
    "kind": "EnvoyFilter",
    "metadata": {"name": "rejected", "namespace": TRADING},
    "spec": {
        "workloadSelector": {"labels": {"fortio": "slow"}},
        "configPatches": [
            {
                "applyTo": "HTTP_FILTER",
                "match": {"context": "SIDECAR_INBOUND"},
                "patch": {"operation": "INSERT_BEFORE", "value": UNKNOWN_FILTER},
            }
        ],
    },
}
"""An EnvoyFilter that istiod sends and Envoy refuses."""
NOT_INJECTED = pods.pod(TRADING, "not-injected", pods.idle())
NOT_INJECTED["metadata"].setdefault("annotations", {})["sidecar.istio.io/proxyCPU"] = "no quantity"


@contextmanager
def troubles() -> Iterator[None]:
    """Have all of them while the block runs, but for a stopped istiod and a stopped kubelet."""
    objects = [REJECTED, *(item for workload in ALERTS_OF_PODS.values() for item in manifests(workload))]
    try:
        apply(objects)
        refused_injection()
        yield
    finally:
        delete(objects)


def refused_injection() -> None:
    """Create a pod that istiod can't inject: the API server refuses it."""
    try:
        apply([NOT_INJECTED])
    except LabError:
        return
    raise AssertionError("the pod was accepted")


@contextmanager
def no_istiod() -> Iterator[None]:
    """Have no istiod while the block runs."""
    scale = ("scale", "-n", CONTROL, "deployment/istiod")
    kubectl(*scale, "--replicas=0")
    try:
        yield
    finally:
        kubectl(*scale, "--replicas=1")
        kubectl("rollout", "status", "--timeout=120s", "-n", CONTROL, "deployment/istiod")


@contextmanager
def silent_kubelet(node: str) -> Iterator[None]:
    """Keep a node's kubelet from running while the block runs: shorter than the 40 s after which it is NotReady."""
    kubelet = records.find(f"kubelet-{node}")
    assert kubelet is not None
    assert kubelet.alive
    os.kill(kubelet.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(kubelet.pid, signal.SIGCONT)
