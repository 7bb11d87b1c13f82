"""Pods and services for live tests, with the lab's images."""

import json
from datetime import datetime
from typing import Any

from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.shell import LabError
from lab.cluster.waiting import wait_until
from lab.toolchain.images import FORTIO, PAUSE
from pi_mesh.cluster.conditions import conditions, is_true

APP = "app"
PORT = 8080


def pod(namespace: str, name: str, container: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a pod labelled app=NAME with one container, which ends at once when it is deleted."""
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    whole = {"terminationGracePeriodSeconds": 1, "containers": [{"name": APP, **container}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole}


def server(namespace: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a pod that answers every HTTP request, and its Service on port 80."""
    ports = [{"name": "http", "port": 80, "targetPort": PORT}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}}
    return fortio(namespace, name), {**service, "spec": {"selector": {"app": name}, "ports": ports}}


def fortio(namespace: str, name: str) -> dict[str, Any]:
    """Return a pod that serves HTTP, and from which `reaches` can ask others."""
    return pod(namespace, name, {"image": FORTIO, "args": ["server"]})


def idle(**container: Any) -> dict[str, Any]:
    """Return an idle container with these overrides."""
    return {"image": PAUSE, **container}


def injected(pod: dict[str, Any]) -> dict[str, Any]:
    """Return a pod as the API server would make it, with its sidecar."""
    return json.loads(kubectl("create", "-f", "-", "--dry-run=server", "-o", "json", stdin=json.dumps(pod)))


def containers(pod: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the containers of a pod, those that start first too, by name."""
    every = (*pod["spec"]["containers"], *pod["spec"].get("initContainers", []))
    return {container["name"]: container for container in every}


def names(namespace: str, selector: str = "") -> set[str]:
    """Return the names of the pods in a namespace, those that are about to end too."""
    pods = get("pods", f"--namespace={namespace}", f"--selector={selector}")["items"]
    return {pod["metadata"]["name"] for pod in pods}


def without_sidecar(namespace: str) -> list[str]:
    """Return the pods of a namespace with injection that have no sidecar."""
    pods = get("pods", f"--namespace={namespace}")["items"]
    return [pod["metadata"]["name"] for pod in pods if "istio-proxy" not in containers(pod)]


def ready_since(moment: datetime, namespace: str, selector: str) -> set[str]:
    """Return the names of the pods that became Ready at that time or later: after a power cut old statuses remain."""
    pods = get("pods", f"--namespace={namespace}", f"--selector={selector}")["items"]
    ready = {pod["metadata"]["name"]: conditions(pod)["Ready"] for pod in pods if is_true(pod, "Ready")}
    return {name for name, condition in ready.items() if condition["lastTransitionTime"] >= f"{moment:%FT%TZ}"}


def uids(*namespaces: str, selector: str = "") -> dict[str, str]:
    """Return the name of each pod that is not about to end, by its UID."""
    found = [pod["metadata"] for namespace in namespaces for pod in staying_pods(namespace, selector)]
    return {one["uid"]: one["name"] for one in found}


def wait_ready(namespace: str, *names: str) -> None:
    """Wait until these pods are Ready."""
    pods = [f"pod/{name}" for name in names]
    kubectl("wait", "--for=condition=Ready", "--timeout=90s", f"--namespace={namespace}", *pods)


def reaches(namespace: str, client: str, url: str) -> bool:
    """Return True if the pod gets an answer of status 200 from the URL."""
    command = ("exec", f"--namespace={namespace}", client, f"--container={APP}", "--", "fortio", "curl", "-quiet", url)
    try:
        kubectl(*command)
    except LabError:
        return False
    return True


def comes_to_reach(namespace: str, client: str, url: str) -> bool:
    """Return True if the pod soon gets that answer: nodes learn of a new pod's address a moment after it is Ready."""
    try:
        wait_until(f"{client} reaches {url}", lambda: reaches(namespace, client, url), seconds=30)
    except LabError:
        return False
    return True


def wait_for_status(namespace: str, name: str, seen: Any, what: str) -> dict[str, Any]:
    """Return the pod's status once `seen(status)` is true; `what` names it in the message of a timeout."""
    found: dict[str, Any] = {}

    def look() -> bool:
        found.update(get("pod", name, f"--namespace={namespace}")["status"])
        return bool(seen(found))

    wait_until(f"pod {name} {what}", look)
    return found
