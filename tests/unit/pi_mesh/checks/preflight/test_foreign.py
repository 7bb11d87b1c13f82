"""What the preflight says of another Istio and of what it left behind."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.preflight import run
from pi_mesh.cluster.objects import Deployment, Webhook
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems
from tests.support.snapshots import make_snapshot


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


@pytest.mark.row(21)
def test_a_stale_webhook_is_refused_with_the_command_that_deletes_it():
    hook = Webhook("Validating", "istiod-default-validator", "validation.istio.io", "istio-system/istiod")
    (problem,) = problems(make_snapshot(webhooks=(hook,)))
    assert "calls istio-system/istiod, a service that is gone" in problem
    assert "`kubectl delete validatingwebhookconfiguration istiod-default-validator`" in problem


def test_webhooks_of_others_are_nobodys_business():
    hook = Webhook("Validating", "cert-manager-webhook", "webhook.cert-manager.io", "cert-manager/webhook")
    assert problems(make_snapshot(webhooks=(hook,))) == []
