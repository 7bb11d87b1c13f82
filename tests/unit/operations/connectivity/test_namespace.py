"""The namespace of the calls."""

import signal
from datetime import UTC, datetime, timedelta

import pytest

from operations.connectivity import namespace
from operations.failures import OperationError, UsageError
from pi_mesh.cluster.errors import Forbidden
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient

PATH = "/api/v1/namespaces/pi-mesh-connectivity"
SECRET = "/api/v1/namespaces/istio-system/secrets/pull"
DELETED = ["delete", "create", "in", "delete"]


def left(age: int = 121, **metadata: object) -> dict:
    created = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
    labels = {SHORT_LIVED_LABEL: "connectivity"}
    return {"metadata": {"labels": labels, "creationTimestamp": created, **metadata}}


def opened(client: FakeClient, seconds: float = 5, **overrides: object) -> FakeClient:
    with namespace.temporary_namespace(client, make_settings(**overrides), "test", seconds):
        client.wrote.append(("in", "use"))
    return client


def test_it_is_created_with_injection_and_deleted_after_its_use():
    client = opened(FakeClient())
    assert client.wrote == [("create", "/api/v1/namespaces"), ("in", "use"), ("delete", PATH)]
    metadata = client.bodies[0]["metadata"]
    assert metadata["labels"] == {"istio-injection": "enabled", SHORT_LIVED_LABEL: "connectivity"}
    assert metadata["annotations"] == {"pi-mesh/stack": "pi-mesh/test"}


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


@pytest.mark.parametrize(("item", "verbs"), [
    pytest.param(left(), DELETED, id="of a run that is older than any run"),
    pytest.param(left(1, deletionTimestamp="now"), DELETED[1:], id="one that is being deleted is waited for"),
])  # fmt: skip
def test_what_a_run_left_is_gone_before_the_namespace_is_created(monkeypatch, item, verbs):
    monkeypatch.setattr(namespace, "PAUSE", 0)
    answers = [item, item, item, None]
    client = opened(FakeClient({PATH: lambda: answers.pop(0)}))
    assert [verb for verb, _ in client.wrote] == verbs
    assert answers == []


def test_one_that_does_not_go_away_is_an_error_with_the_command_that_shows_why():
    with pytest.raises(OperationError, match=r"is still being deleted after 0 s; see `kubectl get namespace") as raised:
        opened(FakeClient({PATH: left()}), seconds=0)
    assert raised.value.status == 2


@pytest.mark.parametrize(("item", "says"), [
    ({"age": 100}, "another run makes its calls, or was killed, since 100 s"),
    ({"labels": {}}, "was not created by this command"),
])  # fmt: skip
def test_a_living_run_and_a_namespace_of_somebody_else_are_not_touched(item, says):
    client = FakeClient({PATH: left(**item)})
    with pytest.raises(UsageError, match=says):
        opened(client)
    assert client.wrote == []


def test_pull_secrets_are_copied_from_istiods_namespace():
    secret = {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "e30="}, "metadata": {"uid": "1"}}
    client = opened(FakeClient({SECRET: secret}), images={"pullSecrets": ["pull"]})
    copy = client.bodies[1]
    assert client.wrote[1] == ("create", f"{PATH}/secrets")
    assert (copy["data"], copy["type"], copy["metadata"]["name"]) == (secret["data"], secret["type"], "pull")
    assert "uid" not in copy["metadata"]


@pytest.mark.parametrize("answer", [None, Forbidden("refused", "forbidden")])
def test_a_pull_secret_that_cannot_be_read_is_left_to_the_nodes(answer):
    assert len(opened(FakeClient({SECRET: answer}), images={"pullSecrets": ["pull"]}).bodies) == 1
