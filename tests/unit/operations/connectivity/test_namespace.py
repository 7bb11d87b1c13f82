"""The namespace of the calls."""

import os
import signal
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest

from operations.connectivity import namespace
from operations.connectivity.namespace import RUN
from operations.failures import OperationError, UsageError
from pi_mesh.cluster.errors import Forbidden
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient

PATH = "/api/v1/namespaces/pi-mesh-connectivity"
SECRET = "/api/v1/namespaces/istio-system/secrets/pull"
HERE = socket.gethostname()


def living() -> str:
    return f"{HERE}/{os.getpid()}/{psutil.Process().create_time():.0f}"


def left(run: str = f"{HERE}/1/1", age: int = 10, **metadata: object) -> dict[str, Any]:
    created = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
    labels, notes = {SHORT_LIVED_LABEL: "connectivity"}, {RUN: run}
    return {"metadata": {"labels": labels, "annotations": notes, "creationTimestamp": created, **metadata}}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespace, "PAUSE", 0)


def opened(client: FakeClient, seconds: float = 5, **overrides: object) -> FakeClient:
    with namespace.temporary_namespace(client, make_settings(**overrides), "test", seconds):
        client.wrote.append(("in", "use"))
    return client


def gone_after(item: dict[str, Any], looks: int) -> FakeClient:
    """Return an API server on which the namespace is gone after so many looks at it."""
    answers = [item] * looks + [None]
    return FakeClient({PATH: lambda: answers.pop(0) if len(answers) > 1 else answers[0]})


def test_it_is_created_with_injection_and_deleted_after_its_use():
    client = opened(FakeClient())
    assert client.wrote == [("create", "/api/v1/namespaces"), ("in", "use"), ("delete", PATH)]
    metadata = client.bodies[0]["metadata"]
    assert metadata["labels"] == {"istio-injection": "enabled", SHORT_LIVED_LABEL: "connectivity"}
    assert metadata["annotations"] == {"pi-mesh/stack": "pi-mesh/test", RUN: living()}


def test_it_is_deleted_after_an_error_too():
    client = FakeClient()
    with pytest.raises(ZeroDivisionError), namespace.temporary_namespace(client, make_settings(), "test", 5):
        raise ZeroDivisionError
    assert client.wrote[-1] == ("delete", PATH)


def _ignore(*_: object) -> None:
    """Handle a signal that the command has left to others: without one, the signal would end the tests."""


def test_it_is_deleted_when_a_signal_ends_the_command():
    client, before = FakeClient(), signal.signal(signal.SIGTERM, _ignore)
    try:
        with pytest.raises(SystemExit), namespace.temporary_namespace(client, make_settings(), "test", 5):
            signal.raise_signal(signal.SIGTERM)
        assert client.wrote[-1] == ("delete", PATH)
        assert signal.getsignal(signal.SIGTERM) is _ignore
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    "run",
    [f"{HERE}/{os.getpid()}/1", f"{HERE}/x/1", f"{HERE}/999999999/1"],
    ids=["a later process with its id", "no id", "no such process"],
)
def test_one_of_a_killed_run_of_this_machine_is_deleted_first(run):
    client = opened(gone_after(left(run), 2))
    assert [verb for verb, _ in client.wrote] == ["delete", "create", "in", "delete"]


def test_one_of_another_machine_is_deleted_when_no_run_is_that_old():
    assert opened(gone_after(left("other/1/1", age=121), 2)).wrote[0] == ("delete", PATH)


def test_one_that_is_being_deleted_is_waited_for_and_not_deleted_again():
    client = opened(gone_after(left(living(), deletionTimestamp="now"), 3))
    assert [verb for verb, _ in client.wrote] == ["create", "in", "delete"]


def test_one_that_does_not_go_away_is_an_error_with_the_command_that_shows_why():
    with pytest.raises(OperationError, match=r"is still being deleted after 0 s; see `kubectl get namespace") as raised:
        opened(FakeClient({PATH: left()}), seconds=0)
    assert raised.value.status == 2


@pytest.mark.parametrize(("run", "age"), [(living(), 300), ("other/1/1", 100)], ids=["here", "on another machine"])
def test_a_living_run_is_not_disturbed(run, age):
    client = FakeClient({PATH: left(run, age)})
    with pytest.raises(UsageError, match="another run makes its calls, since"):
        opened(client)
    assert client.wrote == []


@pytest.mark.parametrize("item", [left(labels={}), left(annotations={})])
def test_a_namespace_of_somebody_else_is_never_touched(item):
    client = FakeClient({PATH: item})
    with pytest.raises(UsageError, match="was not created by this command"):
        opened(client)
    assert client.wrote == []


def test_pull_secrets_are_copied_from_istiods_namespace():
    secret = {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "e30="}, "metadata": {"uid": "1"}}
    client = opened(FakeClient({SECRET: secret}), images={"pullSecrets": ["pull"]})
    copy = client.bodies[1]
    assert client.wrote[1] == ("create", f"{PATH}/secrets")
    assert (copy["data"], copy["metadata"]["name"]) == (secret["data"], "pull")
    assert "uid" not in copy["metadata"]


@pytest.mark.parametrize("answer", [None, Forbidden("refused", "forbidden")])
def test_a_pull_secret_that_cannot_be_read_is_left_to_the_nodes(answer):
    assert len(opened(FakeClient({SECRET: answer}), images={"pullSecrets": ["pull"]}).bodies) == 1
