"""The verification's findings about istiod's webhooks."""

import base64
from dataclasses import replace

import pytest

from pi_mesh.cluster.objects import Webhook
from tests.support.authorities import make_root
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, problems


@pytest.mark.parametrize(
    ("bundle", "said"), [("", "has no CA bundle"), (base64.b64encode(b"x").decode(), "that is not a certificate")]
)
def test_a_webhook_without_a_valid_ca_is_a_problem(healthy, bundle, said):
    first, *rest = healthy.snapshot.webhooks
    (problem,) = problems(in_cluster(healthy, webhooks=(replace(first, ca_bundle=bundle), *rest)))
    assert said in problem


def test_a_missing_injector_is_a_problem(healthy):
    hooks: tuple[Webhook, ...] = tuple(hook for hook in healthy.snapshot.webhooks if hook.kind != "Mutating")
    (problem,) = problems(in_cluster(healthy, webhooks=hooks))
    assert "nothing injects sidecars" in problem


def test_a_webhook_that_calls_a_service_which_is_gone_is_a_problem(healthy):
    first, *rest = healthy.snapshot.webhooks
    (problem,) = problems(in_cluster(healthy, webhooks=(replace(first, service="old/istiod"), *rest)))
    assert "calls Service old/istiod, which is gone; `helm rollback -n istio-system istiod 3`" in problem


def test_a_webhook_whose_ca_has_ended_is_a_problem(healthy):
    ended = base64.b64encode(make_root(days=0.5).pem.encode()).decode()
    first, *rest = healthy.snapshot.webhooks
    (problem,) = problems(in_cluster(healthy, webhooks=(replace(first, ca_bundle=ended), *rest)))
    assert "has a CA bundle that ended" in problem


def test_the_webhooks_of_a_cert_manager_that_has_no_server_for_them_are_not_istiods(healthy):
    internal = {"enabled": True, "address": "https://vault.example", "key": "internal"}
    release = "cert-manager/cert-manager"
    unserved = Webhook("Validating", "cert-manager-webhook", "webhook.cert-manager.io", "cert-manager/webhook")
    cluster = in_cluster(healthy, webhooks=(*healthy.snapshot.webhooks, replace(unserved, release=release)))
    said = problems(replace(cluster, mesh=make_mesh(vault=internal)))
    assert not [problem for problem in said if "webhook" in problem]
