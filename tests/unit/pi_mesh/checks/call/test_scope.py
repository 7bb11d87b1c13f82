"""The hosts that the caller's proxy learns of."""

from dataclasses import replace

import pytest

from pi_mesh.checks.call import scope
from pi_mesh.cluster.policies import Policy
from tests.support.own_calls import CLIENT, doubts, make_call, policy, refusals


def sidecar(*hosts: str, namespace: str = "shop", name: str = "scope", **more: object) -> Policy:
    return policy("Sidecar", {"egress": [{"hosts": [*hosts]}], **more}, name, namespace)


@pytest.mark.parametrize("host", ["*/*", "trading/*", "trading/app.trading.svc.cluster.local", "*/*.svc.cluster.local"])
def test_a_sidecar_that_has_the_service_hides_nothing(host):
    call = make_call(sidecar("./*", host))
    assert (refusals(call), doubts(call)) == ([], [])


@pytest.mark.parametrize("host", ["./*", "~/*", "trading/other.trading.svc.cluster.local"])
def test_a_service_that_the_callers_sidecar_does_not_have_is_called_in_plain_text_which_strict_refuses(host):
    call = make_call(sidecar(host))
    assert "Sidecar shop/scope: does not have trading/app among its hosts" in doubts(call)[0]
    assert "Sidecar shop/scope keeps the Service from the caller's sidecar" in refusals(call)[0]


def test_with_registry_only_the_sidecar_itself_refuses_the_call():
    registry = {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}
    for call in (make_call(sidecar("./*"), mesh_config=registry), make_call(sidecar("./*", **registry))):
        assert "Sidecar shop/scope: does not have trading/app among its hosts, so" in refusals(call)[0]


def test_the_sidecar_of_the_callers_labels_comes_before_its_namespaces_and_that_before_the_roots():
    root = sidecar("./*", namespace="istio-system", name="root")
    wide = sidecar("trading/*")
    own = sidecar("./*", name="own", workloadSelector={"labels": {"app": "client"}})
    others = sidecar("./*", name="others", workloadSelector={"labels": {"app": "other"}})
    assert "istio-system/root" in doubts(make_call(root))[0]
    assert doubts(make_call(root, wide, others)) == []
    assert "shop/own" in doubts(make_call(root, wide, own))[0]


def test_a_sidecar_without_egress_hides_nothing():
    assert doubts(make_call(policy("Sidecar", {}, "scope", "shop"))) == []


@pytest.mark.parametrize(
    "elsewhere",
    [
        sidecar("./*", namespace="istio-system", workloadSelector={"labels": {"app": "client"}}),
        sidecar("./*", namespace="trading"),
    ],
    ids=["of the root namespace's own pods", "of another namespace"],
)
def test_a_sidecar_of_other_pods_hides_nothing(elsewhere):
    assert doubts(make_call(elsewhere)) == []


def test_a_service_that_the_callers_sidecar_learns_of_has_one_row():
    (found,) = scope.check(make_call())
    assert found.message == "the caller's sidecar learns of trading/app"


@pytest.mark.parametrize("changes", [{"caller": replace(CLIENT, containers=())}, {"service": None}], ids=str)
def test_without_a_sidecar_or_a_service_nothing_is_said_of_the_scope(changes):
    assert list(scope.check(make_call(**changes))) == []


@pytest.mark.parametrize("host", ["trading/*.example", "trading/*.app.trading.svc.cluster.local", "other/*"])
def test_a_sidecar_with_other_hosts_hides_the_service(host):
    assert "Sidecar shop/scope: does not have trading/app among its hosts" in doubts(make_call(sidecar(host)))[0]
