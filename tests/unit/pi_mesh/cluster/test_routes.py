"""The routes of the whole cluster, as they are read."""

import pytest

from pi_mesh.cluster import routes
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

ORDERS = make_settings(traffic={"services": {"orders": {"ports": [80], "takesOrders": True}}})
API = "/apis/networking.istio.io/v1"
SERVED = {
    "/apis/networking.istio.io": {"versions": [{"groupVersion": "networking.istio.io/v1"}]},
    API: {"resources": [{"kind": "VirtualService", "name": "virtualservices", "namespaced": True}]},
}


@pytest.fixture
def client(monkeypatch) -> FakeClient:
    made = FakeClient(SERVED)
    monkeypatch.setattr(routes, "Client", made)
    return made


def test_the_routes_are_read_where_a_service_takes_orders(client):
    item = {"metadata": {"namespace": "shop", "name": "a"}, "spec": {"hosts": ["x"]}}
    client.answers[f"{API}/virtualservices"] = {"items": [item]}
    assert [route.key for route in routes.with_routes(make_snapshot(), ORDERS).routes] == [
        ("VirtualService", "shop", "a")
    ]


def test_nothing_is_asked_where_none_does(client):
    assert routes.with_routes(make_snapshot(), make_settings()) == make_snapshot()
    assert client.got == []


def test_routes_that_may_not_be_listed_are_named(client):
    client.answers[f"{API}/virtualservices"] = Forbidden("no", "no")
    assert routes.with_routes(make_snapshot(), ORDERS).unreadable == ("VirtualService",)


def test_the_destinations_of_a_route_are_those_of_all_its_kinds_of_rules():
    def to(host: str) -> dict:
        return {"route": [{"destination": {"host": host}}]}

    spec = {"http": [to("app"), {"redirect": {}}], "tcp": [to("feed.market")], "tls": [to("app")]}
    found = routes.destinations(Policy("VirtualService", "shop", "a", spec))
    assert found == {"app.shop.svc.cluster.local", "feed.market"}
