"""The namespace of the calls, which one run creates and deletes; what a killed run left is removed by the next."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from operator import not_
from typing import Any

import psutil

from operations.connectivity.objects import NAMESPACE, PURPOSE
from operations.failures import OperationError, UsageError, signals_as_exceptions
from pi_mesh.checks.finding import Subject, error
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import Refused
from pi_mesh.names import INJECTION_LABEL, OWNER_ANNOTATION, PROJECT, SHORT_LIVED_LABEL, owner
from pi_mesh.settings import Settings
from pi_mesh.values.objects import kubernetes_object
from pi_mesh.waiting import until
from pi_mesh.words import text_before

PLURALS = {"AuthorizationPolicy": "authorizationpolicies", "ServiceEntry": "serviceentries"}
"""Plurals, in the API's paths, of the kinds that get more than an s."""
RUN = f"{PROJECT}/run"
"""Annotation with the run that made the namespace, as HOST/PROCESS/START."""
LONGEST = 120
"""Seconds that no run lives: one of another machine that is older was killed."""
PAUSE = 0.3
WHERE = Subject("namespace", NAMESPACE)
Object = Mapping[str, Any]


@contextmanager
def temporary_namespace(client: Client, settings: Settings, stack: str, seconds: float) -> Iterator[None]:
    """Create the namespace for the block, after what an earlier run left of it is gone, and delete it at the end.

    Raises UsageError if it is somebody else's or another run's, and as `Client` does.
    """
    _clear(client, stack, seconds)
    client.create("/api/v1/namespaces", _manifest(stack))
    with signals_as_exceptions():
        try:
            for name in settings.images.secrets:
                _copy_secret(client, settings.istio.namespace, name)
            yield
        finally:
            client.delete(f"/api/v1/namespaces/{NAMESPACE}")


def create_object(client: Client, manifest: Object) -> None:
    """Create an object of the namespace. Raises as `Client` does."""
    api, kind = manifest["apiVersion"], manifest["kind"]
    place = f"{'apis' if '/' in api else 'api'}/{api}/namespaces/{NAMESPACE}"
    client.create(f"/{place}/{PLURALS.get(kind, f'{kind.lower()}s')}", manifest)


def _manifest(stack: str) -> Object:
    process = psutil.Process()
    run = f"{socket.gethostname()}/{process.pid}/{process.create_time():.0f}"
    annotations = {OWNER_ANNOTATION: owner(stack), RUN: run}
    labels = {INJECTION_LABEL: "enabled", SHORT_LIVED_LABEL: PURPOSE}
    metadata = {"name": NAMESPACE, "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _clear(client: Client, stack: str, seconds: float) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}"
    existing = client.get(path)
    if existing and "deletionTimestamp" not in existing["metadata"]:
        _refuse_others(existing["metadata"], stack, client.now())
        client.delete(path)
    if existing and until(lambda: client.get(path), seconds, PAUSE, done=not_):
        message = f"is still being deleted after {seconds:.0f} s"
        raise OperationError(error(PURPOSE, WHERE, message, f"see `kubectl get namespace {NAMESPACE} -o yaml`"))


def _refuse_others(metadata: Object, stack: str, now: datetime) -> None:
    """Refuse a namespace that no run of this command made or that a living one uses; `now` is the API server's time."""
    run = (metadata.get("annotations") or {}).get(RUN, "")
    if (metadata.get("labels") or {}).get(SHORT_LIVED_LABEL) != PURPOSE or not run:
        message = f"namespace {NAMESPACE} exists and was not created by this command"
        raise UsageError(stack, message, "rename or remove it: the calls are made in a namespace of that name")
    age = (now - datetime.fromisoformat(metadata["creationTimestamp"])).total_seconds()
    host, _, process = run.partition("/")
    if _lives(process) if host == socket.gethostname() else age < LONGEST:
        message = f"another run makes its calls, since {age:.0f} s (process {text_before(process, '/')} on {host})"
        raise UsageError(stack, message, "wait for its end; it takes less than a minute")


def _lives(process: str) -> bool:
    """Return True while the process of this machine runs; a later one with its id began at another time."""
    number, _, start = process.partition("/")
    try:
        return f"{psutil.Process(int(number)).create_time():.0f}" == start
    except (psutil.Error, ValueError):
        return False


def _copy_secret(client: Client, home: str, name: str) -> None:
    """Copy a pull Secret of istiod's namespace; where it is not there or may not be read, nodes may have the image."""
    try:
        secret = client.get(f"/api/v1/namespaces/{home}/secrets/{name}")
    except Refused:
        return
    if secret:
        content = {key: secret[key] for key in ("type", "data") if key in secret}
        marks = {"labels": {SHORT_LIVED_LABEL: PURPOSE}}
        create_object(client, kubernetes_object("v1", "Secret", NAMESPACE, name, marks, **content))
