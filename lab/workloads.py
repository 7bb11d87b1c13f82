"""The tests' pods: fortio as server and as load generator, each with an identity of its own."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.cluster.kubectl import kubectl
from lab.toolchain.images import FORTIO
from pi_mesh.settings.istio import IstioSettings
from pi_mesh.settings.namespaces import TradingSettings

TRADING: str = TradingSettings.model_fields["namespace"].default
CONTROL: str = IstioSettings.model_fields["namespace"].default
SELF = "fortio"
"""The container's name, and the label that names the workload."""
MARK = {"made-for": "traffic-tests"}
ROOM = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}}
SILENT = ("grpc-port", "redirect-port", "tcp-port", "udp-port")


@dataclass(frozen=True)
class Workload:
    """A Deployment of fortio. It answers every path with 200, or as `answers` says (fortio's echo parameters)."""

    name: str
    namespace: str = TRADING
    labels: Mapping[str, str] = field(default_factory=dict)
    sidecar: bool = True
    answers: str = ""
    ports: tuple[int, ...] = (8080,)
    replicas: int = 1
    stop_seconds: int = 0
    """How long a pod goes on serving after it was told to stop: callers find another one meanwhile."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    place: Mapping[str, Any] = field(default_factory=dict)
    """More of the pod's spec: where it runs."""

    @property
    def identity(self) -> str:
        """What its certificate names (SPIFFE)."""
        return f"spiffe://cluster.local/ns/{self.namespace}/sa/{self.name}"


def service(name: str, labels: Mapping[str, str], namespace: str = TRADING, **ports: int) -> dict[str, Any]:
    """A Service; each of `ports` is a name with the pods' port, and its own port is the same but for 80 to 8080."""
    listed = [{"name": key, "port": 80 if port == 8080 else port, "targetPort": port} for key, port in ports.items()]
    metadata = {"name": name, "namespace": namespace, "labels": MARK}
    spec = {"selector": dict(labels), "ports": listed}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def manifests(workload: Workload) -> list[dict[str, Any]]:
    """The Deployment, and the account that is its identity."""
    metadata = {"name": workload.name, "namespace": workload.namespace, "labels": MARK}
    labels = {SELF: workload.name, "sidecar.istio.io/inject": str(workload.sidecar).lower(), **workload.labels}
    pod = {
        "serviceAccountName": workload.name,
        "terminationGracePeriodSeconds": 2 + 2 * workload.stop_seconds,
        "containers": [_container(workload, port) for port in workload.ports],
        **workload.place,
    }
    template = {"metadata": {"labels": labels, "annotations": dict(workload.annotations)}, "spec": pod}
    spec = {"replicas": workload.replicas, "selector": {"matchLabels": {SELF: workload.name}}, "template": template}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
    ]


def namespace(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {**MARK, **labels}}}


def apply(objects: Iterable[dict[str, Any]]) -> None:
    """Makes them, or changes those that are there."""
    kubectl("apply", "-f", "-", stdin=_list(objects))


def delete(objects: Iterable[dict[str, Any]]) -> None:
    """Removes them and returns when they are gone; those that are gone already are fine."""
    kubectl("delete", "--ignore-not-found", "-f", "-", stdin=_list(objects))


def wait_for(*workloads: Workload, seconds: int = 180) -> None:
    """Returns when all their pods are Ready, sidecars included."""
    for one in workloads:
        kubectl("rollout", "status", f"--timeout={seconds}s", "-n", one.namespace, f"deployment/{one.name}")


def _list(objects: Iterable[dict[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def _container(workload: Workload, port: int) -> dict[str, Any]:
    arguments = ["server", f"-http-port={port}", *(f"-{name}=disabled" for name in SILENT)]
    if workload.answers:
        arguments.append(f"-echo-server-default-params={workload.answers}")
    first = port == workload.ports[0]
    return {
        "name": SELF if first else f"{SELF}-{port}",
        "image": FORTIO,
        "args": arguments,
        "ports": [{"containerPort": port}],
        "resources": ROOM,
        "lifecycle": {"preStop": {"sleep": {"seconds": workload.stop_seconds}}},
    }
