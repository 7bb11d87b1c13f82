"""The Istio objects that bear on other namespaces, as read from the cluster."""

import pytest

from pi_mesh.cluster import shared_objects
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

LIMITED = {"discovery": {"limited": True}}


@pytest.fixture
def client(monkeypatch) -> FakeClient:
    made = FakeClient()
    monkeypatch.setattr(shared_objects, "Client", made)
    return made


def test_nothing_is_asked_while_istiod_watches_everything(client):
    snapshot = make_snapshot()
    assert shared_objects.seen(snapshot, make_settings()) is snapshot
    assert client.got == []


def test_each_object_is_named_with_its_namespace(client):
    item = {"metadata": {"namespace": "shop", "name": "web"}}
    client.answers = {f"{shared_objects.API}/gateways": {"items": [item]}}
    found = shared_objects.seen(make_snapshot(), make_settings(istio=LIMITED))
    assert found.shared_objects == (("shop", "Gateway", "web"),)
