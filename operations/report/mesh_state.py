"""The state of the mesh's own pods and namespaces: pods, events, releases and logs, bounded in size."""

from collections.abc import Iterator
from typing import Any

from operations.report.redaction import ArchiveFile
from pi_mesh.checks.finding import Finding, Subject, unknown
from pi_mesh.cluster import live_objects
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.inventory import Inventory
from pi_mesh.words import first_line

ID = "report"
EVENTS = 500
"""Newest events of a namespace that are kept."""
BYTES, SECONDS = 1_000_000, 20
"""Bytes that are read of a log, of which the end is kept, and seconds for it."""
NODE = ("kubeletVersion", "kernelVersion", "osImage", "architecture", "containerRuntimeVersion")


def cluster_versions(client: Client, mesh: Inventory) -> dict[str, Any]:
    """Return the versions in the cluster: its own, of its nodes, and of what `up` installed."""
    nodes = {
        node["metadata"]["name"]: {key: node["status"].get("nodeInfo", {}).get(key) for key in NODE}
        for node in client.each("/api/v1/nodes")
    }
    applied = live_objects.recorded_by_up(client, mesh.settings.istio.namespace)
    return {
        "cluster": (client.get("/version") or {}).get("gitVersion"),
        "nodes": nodes,
        "istio": {
            "istio.version": mesh.settings.istio.version,
            "releases": {entry.release: f"{entry.chart_version}, revision {entry.revision}" for entry in applied},
        },
    }


def mesh_files(client: Client, mesh: Inventory, lines: int) -> Iterator[ArchiveFile | Finding]:
    """Yield the files about the mesh, and a finding for each that could not be had."""
    namespaces = dict.fromkeys(entry.name for entry in mesh.namespaces)
    events: dict[str, Any] = {}
    own: list[dict] = []
    for namespace in namespaces:
        try:
            events[namespace] = _events(client, namespace)
            pods = client.items(f"/api/v1/namespaces/{namespace}/pods")
        except ClusterUnreachable as problem:
            yield unknown(ID, Subject("namespace", namespace), str(problem))
            continue
        own += [pod for pod in pods if mesh.has_pod(namespace, pod["metadata"].get("labels") or {})]
    yield ArchiveFile("pods.json", {_id(pod): _pod(pod) for pod in own})
    yield ArchiveFile("events.json", events)
    for pod in own:
        yield from _logs(client, pod, lines)


def _id(pod: dict) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _pod(pod: dict) -> dict[str, Any]:
    """Return a pod's state: no variable of its containers, and no annotation."""
    spec, status = pod["spec"], pod.get("status") or {}
    keys = ("phase", "reason", "message", "qosClass", "startTime", "conditions", "containerStatuses")
    return {
        "node": spec.get("nodeName"),
        **{key: status[key] for key in (*keys, "initContainerStatuses") if key in status},
        "resources": {entry["name"]: entry.get("resources") for entry in spec["containers"]},
    }


def _events(client: Client, namespace: str) -> list[dict[str, Any]]:
    """Return the newest events of a namespace, the newest last."""
    events = [
        {
            "at": event.get("lastTimestamp") or event.get("eventTime"),
            "object": f"{event['involvedObject'].get('kind')}/{event['involvedObject'].get('name')}",
            **{key: event.get(key) for key in ("count", "type", "reason", "message")},
        }
        for event in client.items(f"/api/v1/namespaces/{namespace}/events")
    ]
    return sorted(events, key=lambda event: str(event["at"] or ""))[-EVENTS:]


def _logs(client: Client, pod: dict, lines: int) -> Iterator[ArchiveFile | Finding]:
    """Yield the last lines of each container, and of its predecessor after a restart."""
    for status in (pod.get("status") or {}).get("containerStatuses") or []:
        yield _log(client, pod, status["name"], lines)
        if status.get("restartCount"):
            yield _log(client, pod, status["name"], lines, before=True)


def _log(client: Client, pod: dict, container: str, lines: int, *, before: bool = False) -> ArchiveFile | Finding:
    meta = pod["metadata"]
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/log?container={container}"
    bounds = f"&tailLines={lines}&limitBytes={BYTES}&timestamps=true"
    try:
        answer = client.relay(f"{path}{bounds}{'&previous=true' if before else ''}", SECONDS)
    except ClusterUnreachable as problem:
        return unknown(ID, Subject("pod", _id(pod)), f"its log could not be read: {problem}")
    if answer.status != 200:
        message = f"its log could not be read: {answer.reason or first_line(answer.text)}"
        return unknown(ID, Subject("pod", _id(pod)), message)
    return ArchiveFile(f"logs/{_id(pod)}/{container}{'.before' if before else ''}.log", answer.text)
