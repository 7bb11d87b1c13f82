"""The preflight's findings about another Istio and its leftovers."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.preflight import run
from pi_mesh.cluster.objects import Deployment, Service, Webhook
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems
from tests.support.snapshots import installed_mesh, make_snapshot, state_of


def test_no_foreign_istio_is_said_only_where_there_is_none():
    def said(**more: tuple) -> bool:
        found = run(make_mesh(), make_snapshot(**more))
        return any(f.id == "foreign istio" and f.level is Level.OK for f in found)

    assert said()
    assert not said(deployments=(Deployment("mesh", "istiod", {"app": "istiod"}),))


def test_another_istiod_is_refused():
    foreign = Deployment("mesh", "istiod", {"app": "istiod"}, "mesh/istiod")
    (problem,) = problems(make_snapshot(deployments=(foreign,)))
    assert problem.startswith("deployment mesh/istiod: is another istiod, of release mesh/istiod")
    assert "uninstall --purge" not in problem
    assert "leave it alone" in problem


def test_an_istiod_that_istio_namespace_moves_is_the_stacks_own_and_its_webhooks_and_crds_are_no_other_problem():
    istiod, crds, *_ = problems(make_snapshot(**installed_mesh()), state_of(), istio={"namespace": "mesh-system"})
    assert istiod.startswith("deployment istio-system/istiod: is this stack's own istiod, and istio.namespace asks for")
    assert "set istio.namespace back to istio-system" in istiod
    assert "`pulumi destroy -s STACK`" in istiod
    assert crds.endswith("it is this stack's own release: see the row foreign istio")


HOOK = Webhook("Mutating", "sidecar-injector", "namespace.sidecar-injector.istio.io", "mesh/istiod")


@pytest.mark.parametrize(
    ("hooks", "seen"),
    [
        ((HOOK,), {"services": (Service("mesh", "istiod"),)}),
        ((HOOK,), {"unreadable": ("services",)}),
        ((replace(HOOK, service=""),), {}),
        ((HOOK, replace(HOOK, service="mesh/istiod-new")), {"services": (Service("mesh", "istiod-new"),)}),
    ],
    ids=["its service is there", "services can't be listed", "it calls a URL", "one of two services is there"],
)
def test_nobody_is_told_to_delete_a_webhook_that_may_serve_a_living_mesh(hooks, seen):
    found = problems(make_snapshot(webhooks=hooks, **seen))
    assert any("leave it to its owner" in problem for problem in found)
    assert not any("kubectl delete" in problem for problem in found)


@pytest.mark.row(21)
def test_a_stale_webhook_is_refused_with_the_command_that_deletes_it():
    hook = Webhook("Validating", "istiod-default-validator", "validation.istio.io", "istio-system/istiod")
    (problem,) = problems(make_snapshot(webhooks=(hook,)))
    assert "calls istio-system/istiod, a service that is gone" in problem
    assert "`kubectl delete validatingwebhookconfiguration istiod-default-validator`" in problem


def test_webhooks_of_others_are_nobodys_business():
    hook = Webhook("Validating", "cert-manager-webhook", "webhook.cert-manager.io", "cert-manager/webhook")
    assert problems(make_snapshot(webhooks=(hook,))) == []
