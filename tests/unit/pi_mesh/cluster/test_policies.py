"""Istio's policies, as they are read from the cluster."""

from typing import Any

import pytest

from pi_mesh.cluster import policies
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.policies import Policies, Policy
from tests.support.fake_client import FakeClient

CONFIG_MAP = "/api/v1/namespaces/istio-system/configmaps/istio"
PEERS = "/apis/security.istio.io/v1/peerauthentications"
FILTERS = "/apis/networking.istio.io/v1alpha3/envoyfilters"


def group(name: str, *versions: str) -> dict[str, object]:
    return {f"/apis/{name}": {"versions": [{"groupVersion": f"{name}/{version}"} for version in versions]}}


def kinds(path: str, **names: str) -> dict[str, object]:
    resources = [{"kind": kind, "name": name, "namespaced": True} for kind, name in names.items()]
    return {path: {"resources": [*resources, {"kind": "Sidecar", "name": "sidecars/status"}]}}


ALL_OF_SECURITY = {
    "PeerAuthentication": "peerauthentications",
    "AuthorizationPolicy": "authorizationpolicies",
    "RequestAuthentication": "requestauthentications",
}
SERVED = {
    **group("security.istio.io", "v1", "v1beta1"),
    **kinds("/apis/security.istio.io/v1", PeerAuthentication="peerauthentications"),
    **kinds("/apis/security.istio.io/v1beta1", PeerAuthentication="peerauthentications"),
    **group("networking.istio.io", "v1", "v1alpha3"),
    **kinds("/apis/networking.istio.io/v1"),
    **kinds("/apis/networking.istio.io/v1alpha3", EnvoyFilter="envoyfilters"),
}


@pytest.fixture
def client() -> Any:
    """Return an API server that serves two of the kinds, and a mesh config."""
    return FakeClient({**SERVED, CONFIG_MAP: {"data": {"mesh": "rootNamespace: elsewhere"}}})


def item(**metadata: str) -> dict[str, object]:
    return {"metadata": {"namespace": "trading", "name": "a", **metadata}, "spec": {"mtls": {}}}


def test_each_kind_is_listed_once_in_its_newest_served_version(client):
    client.answers |= {PEERS: {"items": [item()]}, FILTERS: {"items": [item()]}}
    seen = policies.read(client, "istio-system")
    assert [entry.kind for entry in seen.objects] == ["PeerAuthentication", "EnvoyFilter"]
    assert sorted(path for path in client.got if "items" in str(client.answers.get(path))) == [FILTERS, PEERS]


def test_the_root_namespace_is_the_one_of_the_live_mesh_config(client):
    assert policies.read(client, "istio-system").root_namespace == "elsewhere"
    client.answers[CONFIG_MAP] = {"data": {"mesh": "{}"}}
    assert policies.read(client, "istio-system").root_namespace == "istio-system"


@pytest.mark.parametrize("answer", [None, {}, {"data": {"mesh": "a: ["}}, {"data": {"mesh": "text"}}])
def test_a_mesh_config_that_is_missing_or_no_yaml_is_none(client, answer):
    client.answers[CONFIG_MAP] = answer
    assert policies.read(client, "istio-system").mesh_config is None


def test_what_may_not_be_listed_is_named(client):
    client.answers |= {PEERS: Forbidden("no", "no"), CONFIG_MAP: Forbidden("no", "no")}
    assert policies.read(client, "istio-system").unreadable == ("PeerAuthentication", "configmap istio")


def test_nothing_is_sent_but_gets(client):
    policies.read(client, "istio-system")
    assert client.wrote == []


def test_a_kind_whose_newest_version_has_it_is_not_looked_for_in_others(client):
    policies.read(client, "istio-system")
    assert "/apis/security.istio.io/v1beta1" in client.got  # for the kinds that v1 does not serve
    client.answers["/apis/security.istio.io/v1"] = kinds("x", **ALL_OF_SECURITY)["x"]
    client.got.clear()
    policies.read(client, "istio-system")
    assert "/apis/security.istio.io/v1beta1" not in client.got


def test_the_oldest_of_a_kind_comes_first_and_equal_ages_go_by_name():
    ages = (("b", "2026-02"), ("c", "2026-01"), ("a", "2026-02"))
    objects = tuple(Policy("Sidecar", "trading", name, {}, created) for name, created in ages)
    assert [entry.name for entry in Policies(objects).of_kind("Sidecar")] == ["c", "a", "b"]
