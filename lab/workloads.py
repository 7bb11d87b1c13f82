"""Workloads of tests and measurements: fortio as server and load generator, each with its own identity.

Their namespaces are the defaults of the program's settings.
"""

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
    grpc: bool = False
    """Also answer gRPC pings, on fortio's port 8079."""
    streams: bool = False
    """Also serve TCP, WebSocket with long polls, and gRPC streams, on the ports 7001, 7002 and 7003."""
    ports: tuple[int, ...] = (8080,)
    replicas: int = 1
    stop_seconds: int = 0
    """Seconds for which a stopping pod goes on serving, while callers find another one."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    place: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the pod's spec, such as its node."""

    @property
    def identity(self) -> str:
        """Return the SPIFFE identity in the workload's certificate."""
        return f"spiffe://cluster.local/ns/{self.namespace}/sa/{self.name}"


def service(name: str, labels: Mapping[str, str], namespace: str = TRADING, **ports: int) -> dict[str, Any]:
    """Return a Service; each of `ports` is a name with the pods' port, and the Service's own port, but 80 for 8080."""
    listed = [{"name": key, "port": 80 if port == 8080 else port, "targetPort": port} for key, port in ports.items()]
    metadata = {"name": name, "namespace": namespace, "labels": MARK}
    spec = {"selector": dict(labels), "ports": listed}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def manifests(workload: Workload) -> list[dict[str, Any]]:
    """Return the Deployment, and the ServiceAccount that is its identity."""
    metadata = {"name": workload.name, "namespace": workload.namespace, "labels": MARK}
    labels = {SELF: workload.name, "sidecar.istio.io/inject": str(workload.sidecar).lower(), **workload.labels}
    pod = {
        "serviceAccountName": workload.name,
        "terminationGracePeriodSeconds": 2 + 2 * workload.stop_seconds,
        "containers": [*(_container(workload, port) for port in workload.ports), *_stream_server(workload)],
        **workload.place,
    }
    template = {"metadata": {"labels": labels, "annotations": dict(workload.annotations)}, "spec": pod}
    spec = {"replicas": workload.replicas, "selector": {"matchLabels": {SELF: workload.name}}, "template": template}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
    ]


def namespace(name: str, **labels: str) -> dict[str, Any]:
    """Return a Namespace with these labels."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {**MARK, **labels}}}


def apply(objects: Iterable[dict[str, Any]]) -> None:
    """Create the objects, or change those that exist."""
    kubectl("apply", "-f", "-", stdin=_list(objects))


def delete(objects: Iterable[dict[str, Any]]) -> None:
    """Delete the objects and wait until they are gone; objects that do not exist are fine."""
    kubectl("delete", "--ignore-not-found", "-f", "-", stdin=_list(objects))


def wait_for(*workloads: Workload, seconds: int = 180) -> None:
    """Wait until all pods of the workloads are Ready, sidecars included."""
    for workload in workloads:
        kubectl("rollout", "status", f"--timeout={seconds}s", "-n", workload.namespace, f"deployment/{workload.name}")


def _list(objects: Iterable[dict[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def _container(workload: Workload, port: int) -> dict[str, Any]:
    silent = [name for name in SILENT if not (workload.grpc and name == "grpc-port")]
    arguments = ["server", f"-http-port={port}", *(f"-{name}=disabled" for name in silent)]
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


def _stream_server(workload: Workload) -> list[dict[str, Any]]:
    if not workload.streams:
        return []
    command, lifecycle = ["/usr/bin/streams", "server"], {"preStop": {"sleep": {"seconds": workload.stop_seconds}}}
    return [{"name": "streams", "image": FORTIO, "command": command, "resources": ROOM, "lifecycle": lifecycle}]
