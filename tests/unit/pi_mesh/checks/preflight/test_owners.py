"""What the preflight says about what others own: namespaces, another Istio, webhooks, CRDs."""

import pytest

from pi_mesh.checks.finding import Level, errors
from pi_mesh.checks.preflight import run
from pi_mesh.cluster.helm_releases import Release
from pi_mesh.cluster.objects import Crd, Deployment, Namespace, Webhook
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, make_snapshot, owned_namespace


def problems(snapshot, **settings) -> list[str]:
    return [str(finding) for finding in errors(run(make_settings(**settings), snapshot, STACK))]


@pytest.mark.parametrize("name", ["istio-system", "trading"])
def test_a_namespace_of_somebody_else_is_refused(name):
    (problem,) = problems(make_snapshot(namespaces=(Namespace(name),)))
    assert problem.startswith(f"namespace {name}: is there already")
    assert "adopt: true" in problem


def test_a_namespace_of_another_stack_is_refused_by_that_stacks_name():
    (problem,) = problems(make_snapshot(namespaces=(owned_namespace("trading", "staging"),)))
    assert "of pi-mesh/staging" in problem


def test_a_namespace_is_taken_over_where_the_settings_say_so():
    snapshot = make_snapshot(namespaces=(Namespace("trading"),))
    assert problems(snapshot, trading={"adopt": True}) == []


def test_no_foreign_istio_is_said_only_where_there_is_none():
    def said(**more: tuple) -> bool:
        found = run(make_settings(), make_snapshot(**more), STACK)
        return any(f.id == "foreign istio" and f.level is Level.OK for f in found)

    assert said()
    assert not said(deployments=(Deployment("mesh", "istiod", {"app": "istiod"}),))


def test_another_istiod_is_refused():
    foreign = Deployment("mesh", "istiod", {"app": "istiod"}, "mesh/istiod")
    (problem,) = problems(make_snapshot(deployments=(foreign,)))
    assert problem.startswith("deployment mesh/istiod: is another istiod, of release mesh/istiod")


@pytest.mark.row(21)
def test_a_stale_webhook_is_refused_with_the_command_that_deletes_it():
    hook = Webhook("Validating", "istiod-default-validator", "validation.istio.io", "istio-system/istiod")
    (problem,) = problems(make_snapshot(webhooks=(hook,)))
    assert "calls istio-system/istiod, a service that is gone" in problem
    assert "`kubectl delete validatingwebhookconfiguration istiod-default-validator`" in problem


def test_webhooks_of_others_are_nobodys_business():
    hook = Webhook("Validating", "cert-manager-webhook", "webhook.cert-manager.io", "cert-manager/webhook")
    assert problems(make_snapshot(webhooks=(hook,))) == []


@pytest.mark.row(12)
def test_crds_of_no_release_are_refused_with_the_commands_that_hand_them_over():
    (problem,) = problems(make_snapshot(crds=(Crd("gateways.networking.istio.io"),)))
    assert problem.startswith("crd gateways.networking.istio.io: 1 belong to no Helm release")
    assert "kubectl label crd gateways.networking.istio.io app.kubernetes.io/managed-by=Helm" in problem
    assert "meta.helm.sh/release-name=istio-base meta.helm.sh/release-namespace=istio-system" in problem


def test_crds_of_a_release_that_is_alive_are_not_taken_from_it():
    crd = Crd("gateways.networking.istio.io", "mesh/base")
    (problem,) = problems(make_snapshot(crds=(crd,), releases=(Release("mesh", "base"),)))
    assert "uninstall mesh/base first" in problem


@pytest.mark.row(13)
def test_crds_kept_by_our_own_destroy_are_no_problem():
    crd = Crd("gateways.networking.istio.io", "istio-system/istio-base")
    assert problems(make_snapshot(crds=(crd,))) == []


def test_crds_of_the_gateway_api_are_not_istios():
    assert problems(make_snapshot(crds=(Crd("gateways.gateway.networking.k8s.io"),))) == []


def test_charts_before_1_24_leave_crds_alone():
    snapshot = make_snapshot(crds=(Crd("gateways.networking.istio.io"),), version="v1.29.0")
    assert problems(snapshot, istio={"version": "1.20.3"}) == []
