"""The namespace of the calls, which one run creates and deletes; what a killed run left is removed by the next."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from operator import not_
from typing import Any

from operations.connectivity.objects import NAMESPACE, PURPOSE
from operations.failures import OperationError, UsageError, signals_as_exceptions
from pi_mesh.checks.finding import Subject, error
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import Refused
from pi_mesh.names import INJECTION_LABEL, OWNER_ANNOTATION, SHORT_LIVED_LABEL, owner
from pi_mesh.settings import Settings
from pi_mesh.values.objects import kubernetes_object
from pi_mesh.waiting import until

PLURALS = {"AuthorizationPolicy": "authorizationpolicies", "ServiceEntry": "serviceentries"}
"""Plurals, in the API's paths, of the kinds that get more than an s."""
LONGEST = 120
"""Seconds that no run lives: one that made an older namespace was killed."""
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
    labels = {INJECTION_LABEL: "enabled", SHORT_LIVED_LABEL: PURPOSE}
    metadata = {"name": NAMESPACE, "labels": labels, "annotations": {OWNER_ANNOTATION: owner(stack)}}
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
    """Refuse a namespace that no run of this command made or that one may use; `now` is the API server's time."""
    if (metadata.get("labels") or {}).get(SHORT_LIVED_LABEL) != PURPOSE:
        message = f"namespace {NAMESPACE} exists and was not created by this command"
        raise UsageError(stack, message, "rename or remove it: the calls are made in a namespace of that name")
    age = (now - datetime.fromisoformat(metadata["creationTimestamp"])).total_seconds()
    if age < LONGEST:
        message = f"another run makes its calls, or was killed, since {age:.0f} s"
        raise UsageError(stack, message, f"wait until {LONGEST} s are over; it is removed then")


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
