"""Istio's policies, as they are read from the cluster."""

from typing import Any

import pytest

from pi_mesh.cluster import policies
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.policies import Policies, Policy
from tests.support.fake_client import FakeClient
from tests.support.findings import table

CONFIG_MAP = "/api/v1/namespaces/istio-system/configmaps/istio"
SECURITY, NETWORKING = "/apis/security.istio.io", "/apis/networking.istio.io"
PEERS, FILTERS = f"{SECURITY}/v1/peerauthentications", f"{NETWORKING}/v1alpha3/envoyfilters"
FORBIDDEN = Forbidden("no", "no")
ITEMS = {"items": [{"metadata": {"namespace": "trading", "name": "a"}, "spec": {"mtls": {}}}]}


def group(path: str, *versions: str) -> dict[str, object]:
    name = path.rpartition("/")[2]
    return {path: {"versions": [{"groupVersion": f"{name}/{version}"} for version in versions]}}


def kinds(**names: str) -> dict[str, object]:
    resources = [{"kind": kind, "name": name, "namespaced": True} for kind, name in names.items()]
    return {"resources": [*resources, {"kind": "Sidecar", "name": "sidecars/status"}]}


PEER = {"PeerAuthentication": "peerauthentications"}
OTHERS = {"AuthorizationPolicy": "authorizationpolicies", "RequestAuthentication": "requestauthentications"}
SERVED = {
    **group(SECURITY, "v1", "v1beta1"),
    f"{SECURITY}/v1": kinds(**PEER),
    f"{SECURITY}/v1beta1": kinds(**PEER),
    **group(NETWORKING, "v1", "v1alpha3"),
    f"{NETWORKING}/v1": kinds(),
    f"{NETWORKING}/v1alpha3": kinds(EnvoyFilter="envoyfilters"),
    CONFIG_MAP: {"data": {"mesh": "rootNamespace: elsewhere"}},
}


def read(**answers: object) -> tuple[Policies, Any]:
    """Return the policies of an API server that serves two of the kinds and a mesh config, and its client."""
    client: Any = FakeClient({**SERVED, **answers})
    return policies.read(client, "istio-system"), client


def test_each_kind_is_listed_once_in_its_newest_served_version():
    read_policies, client = read(**{PEERS: ITEMS, FILTERS: ITEMS})
    assert [entry.kind for entry in read_policies.objects] == ["PeerAuthentication", "EnvoyFilter"]
    assert sorted(path for path in client.got if "items" in str(client.answers.get(path))) == [FILTERS, PEERS]
    assert client.wrote == []


@pytest.mark.parametrize(("mesh", "root"), [("rootNamespace: elsewhere", "elsewhere"), ("{}", "istio-system")])
def test_the_root_namespace_is_the_one_of_the_live_mesh_config(mesh, root):
    assert read(**{CONFIG_MAP: {"data": {"mesh": mesh}}})[0].root_namespace == root


@pytest.mark.parametrize("answer", [None, {}, {"data": {"mesh": "a: ["}}, {"data": {"mesh": "text"}}])
def test_a_mesh_config_that_is_missing_or_no_yaml_is_none(answer):
    assert read(**{CONFIG_MAP: answer})[0].mesh_config is None


def test_what_may_not_be_listed_is_named():
    read_policies, _ = read(**{PEERS: FORBIDDEN, CONFIG_MAP: FORBIDDEN})
    assert read_policies.unreadable == ("PeerAuthentication", "configmap istio")


@pytest.mark.parametrize(("newest", "asked"), [(PEER, True), (PEER | OTHERS, False)])
def test_an_older_version_is_looked_at_only_for_the_kinds_that_the_newest_does_not_serve(newest, asked):
    _, client = read(**{f"{SECURITY}/v1": kinds(**newest)})
    assert (f"{SECURITY}/v1beta1" in client.got) is asked


def test_the_oldest_of_a_kind_comes_first_and_equal_ages_go_by_name():
    ages = (("b", "2026-02"), ("c", "2026-01"), ("a", "2026-02"))
    objects = tuple(Policy("Sidecar", "trading", name, {}, created) for name, created in ages)
    assert [entry.name for entry in Policies(objects).of_kind("Sidecar")] == ["c", "a", "b"]


WEB = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "web"}
OF_WEB = {"gateway.networking.k8s.io/gateway-name": "web", "app": "web"}


@table(
    ({}, ("shop", {}), True),
    ({"selector": {"matchLabels": {"app": "web"}}}, ("shop", OF_WEB), True),
    ({"selector": {"matchLabels": {"app": "web"}}}, ("shop", {"app": "other"}), False),
    ({"targetRefs": [WEB]}, ("shop", OF_WEB), True),
    ({"targetRef": WEB}, ("shop", OF_WEB), True),
    ({"targetRefs": [WEB]}, ("shop", {"app": "web"}), False),
    ({"targetRefs": [WEB]}, ("other", OF_WEB), False),
    ({"targetRefs": [{**WEB, "name": "api"}]}, ("shop", OF_WEB), False),
    ({"targetRefs": [{**WEB, "kind": "GatewayClass"}]}, ("shop", OF_WEB), False),
    ({"targetRefs": [{**WEB, "group": ""}]}, ("shop", OF_WEB), False),
)
def test_a_policy_applies_to_the_pods_that_it_selects_or_to_those_of_the_gateway_that_it_targets(spec, pod, applies):
    assert Policy("AuthorizationPolicy", "shop", "a", spec).applies_to(*pod) is applies


def test_an_object_without_a_namespace_is_read_too():
    assert policies.parse("GatewayClass", {"metadata": {"name": "istio"}}).key == ("GatewayClass", "", "istio")
