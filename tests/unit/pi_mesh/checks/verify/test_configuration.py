"""What a verification says of CRDs, webhooks, injection, mutual TLS, drift and certificates."""

import base64
from dataclasses import replace

import pytest

from pi_mesh.budget.amount import MI, Amount
from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import run
from pi_mesh.checks.verify.input import Facts
from pi_mesh.cluster.authority import Authority
from pi_mesh.cluster.injection import Injection
from pi_mesh.cluster.objects import Webhook
from pi_mesh.cluster.pods import Container, Pod
from tests.support.authorities import make_root
from tests.support.factories import make_settings
from tests.support.healthy_mesh import found, in_cluster, make_facts, owned, problems


@pytest.fixture
def healthy() -> Facts:
    return make_facts()


def test_a_missing_crd_is_named(healthy):
    (problem,) = problems(in_cluster(healthy, crds=healthy.snapshot.crds[1:]))
    assert "1 are missing: destinationrules.networking.istio.io" in problem


@pytest.mark.parametrize(
    ("bundle", "said"), [("", "has no CA bundle"), (base64.b64encode(b"x").decode(), "that is no certificate")]
)
def test_a_webhook_without_a_valid_ca_is_a_problem(healthy, bundle, said):
    first, *rest = healthy.snapshot.webhooks
    (problem,) = problems(in_cluster(healthy, webhooks=(replace(first, ca_bundle=bundle), *rest)))
    assert said in problem


def test_a_missing_injector_is_a_problem(healthy):
    hooks: tuple[Webhook, ...] = tuple(hook for hook in healthy.snapshot.webhooks if hook.kind != "Mutating")
    (problem,) = problems(in_cluster(healthy, webhooks=hooks))
    assert "nothing injects sidecars" in problem


def test_a_pod_that_comes_out_without_its_sidecar_is_a_problem(healthy):
    bare = Injection(Pod("trading", "injection-proof", containers=(Container("app"),)))
    (problem,) = problems(found(healthy, injection=bare))
    assert "comes out without istio-proxy" in problem


def test_a_sidecar_of_another_size_is_a_problem(healthy):
    fat = Container("istio-proxy", Amount(100, 128 * MI), Amount(2000, 1024 * MI))
    (problem,) = problems(found(healthy, injection=Injection(Pod("trading", "p", containers=(fat,)))))
    assert "requests 100m / 128Mi, not 50m / 128Mi" in problem


def test_a_refused_pod_is_a_problem_with_the_api_servers_words(healthy):
    refused = Injection(refusal="exceeded quota: workloads")
    (problem,) = problems(found(healthy, injection=refused))
    assert "exceeded quota: workloads" in problem


def test_a_mesh_that_lets_plaintext_in_is_a_problem(healthy):
    mtls, owned = healthy.evidence.pairs
    open_mesh = {**mtls.wanted, "spec": {"mtls": {"mode": "PERMISSIVE"}}}
    seen = problems(found(healthy, pairs=(replace(mtls, live=open_mesh), owned)))
    assert any("says PERMISSIVE, the settings say STRICT" in problem for problem in seen)


def test_an_edited_object_of_a_release_is_a_problem(healthy):
    (problem,) = problems(found(healthy, pairs=(healthy.evidence.pairs[0], owned(1, 0))))
    assert "Deployment istio-system/istiod: was changed: spec.replicas: 0, not 1" in problem


def test_a_deleted_object_of_a_release_is_a_problem(healthy):
    (problem,) = problems(found(healthy, pairs=(healthy.evidence.pairs[0], owned(1, None))))
    assert "of release istiod is gone" in problem


def test_workloads_without_a_sidecar_are_listed_by_name(healthy):
    bare = Pod("trading", "ledger-0", node="pi-1", containers=(Container("app"),))
    seen = run(in_cluster(healthy, pods=(*healthy.snapshot.pods, bare)))
    assert any(str(f.subject) == "pod trading/ledger-0" and f.level is Level.WARNING for f in seen)


def test_a_root_near_its_end_is_a_problem(healthy):
    late = replace(healthy, authority=Authority(make_root(days=5).pem))
    assert any("in less than 7 days" in problem for problem in problems(late))


def test_no_root_at_all_is_a_problem(healthy):
    (problem,) = problems(replace(healthy, authority=Authority()))
    assert "istio-ca-root-cert: is not there" in problem


def test_a_root_that_is_no_certificate_is_a_problem(healthy):
    assert any("mesh certificates" in problem for problem in problems(replace(healthy, authority=Authority("no PEM"))))


def test_a_signing_ca_near_its_end_is_a_problem_with_its_remedy(healthy):
    vault = {"enabled": True, "address": "http://127.0.0.1:8200"}
    late = Authority(make_root().pem, {"ca-cert.pem": make_root(days=5).pem, "root-cert.pem": make_root().pem})
    seen = problems(replace(healthy, authority=late, settings=make_settings(vault=vault)))
    assert any("in less than 7 days" in problem and "rotate-ca" in problem for problem in seen)


def test_a_webhook_that_calls_a_service_which_is_gone_is_a_problem(healthy):
    first, *rest = healthy.snapshot.webhooks
    (problem,) = problems(in_cluster(healthy, webhooks=(replace(first, service="old/istiod"), *rest)))
    assert "calls old/istiod, which is gone" in problem


def test_a_webhook_whose_ca_has_ended_is_a_problem(healthy):
    ended = base64.b64encode(make_root(days=0.5).pem.encode()).decode()
    first, *rest = healthy.snapshot.webhooks
    (problem,) = problems(in_cluster(healthy, webhooks=(replace(first, ca_bundle=ended), *rest)))
    assert "has a CA bundle that ended" in problem


def test_a_missing_mesh_wide_policy_is_a_problem(healthy):
    mtls, owned_object = healthy.evidence.pairs
    seen = problems(found(healthy, pairs=(replace(mtls, live=None), owned_object)))
    assert any("the mesh is PERMISSIVE, not STRICT" in problem for problem in seen)


def test_a_namespace_without_its_label_is_told_to_get_it(healthy):
    bare = Injection(Pod("trading", "injection-proof", containers=(Container("app"),)))
    namespaces = tuple(replace(one, labels={}) for one in healthy.snapshot.namespaces)
    (problem,) = problems(found(in_cluster(healthy, namespaces=namespaces), injection=bare))
    assert "`kubectl label namespace trading istio-injection=enabled`" in problem


def test_drift_is_either_a_problem_or_said_to_be_none(healthy):
    def calm(facts: Facts) -> bool:
        return any(f.id == "drift of releases" and f.level is Level.OK for f in run(facts))

    assert calm(healthy)
    assert not calm(found(healthy, pairs=(healthy.evidence.pairs[0], owned(1, 0))))
