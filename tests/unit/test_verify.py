"""What a verification says: a healthy mesh passes, and each thing that breaks is a row with its fix."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from budget.amount import MI, Amount
from checks.finding import Level, errors
from checks.verify import crds as crd_check
from checks.verify import run
from checks.verify.facts import Facts
from cluster.authority import Authority
from cluster.evidence import Evidence, Pair
from cluster.injection import Injection
from cluster.objects import Crd, Deployment, Service, Webhook
from cluster.pods import Container, Pod
from cluster.releases import Release
from tests.authorities import make_root
from tests.factories import make_settings
from tests.snapshots import installed_mesh, make_snapshot
from values.objects import peer_authentication

NOW = datetime.now(UTC)
COMPONENTS = ("istiod", "istio-ingressgateway", "istio-egressgateway")
PROFILE = {"requests": Amount(100, 128 * MI), "limits": Amount(500, 256 * MI)}
SIDECAR = Container("istio-proxy", Amount(50, 128 * MI), Amount(200, 256 * MI))


@pytest.fixture(scope="module")
def root() -> str:
    return make_root().pem


@pytest.fixture
def healthy(root: str) -> Facts:
    """A mesh as `pulumi up` leaves it."""
    bundle = base64.b64encode(root.encode()).decode()
    mesh = installed_mesh()
    deployments = tuple(Deployment("istio-system", one, {"app": one}, f"istio-system/{one}") for one in COMPONENTS)
    crds = (f"{kind}.{group}" for group, kinds in crd_check.KINDS.items() for kind in kinds.split())
    snapshot = make_snapshot(
        **mesh
        | {
            "deployments": deployments,
            "services": tuple(Service("istio-system", one, ports=(80,)) for one in COMPONENTS),
            "webhooks": tuple(replace(hook, ca_bundle=bundle) for hook in mesh["webhooks"]),
            "crds": tuple(Crd(name, "istio-system/istio-base") for name in crds),
            "releases": tuple(Release("istio-system", one, 3) for one in ("istio-base", *COMPONENTS)),
            "pods": tuple(_pod(one) for one in COMPONENTS),
        }
    )
    injected = Injection(Pod("trading", "injection-proof", containers=(Container("app"), SIDECAR)))
    mtls = peer_authentication(make_settings())
    evidence = Evidence(injected, (Pair("program", mtls, mtls), _owned(1, 1)))
    return Facts(make_settings(), snapshot, evidence, Authority(root), NOW)


def _pod(app: str) -> Pod:
    return Pod("istio-system", f"{app}-0", {"app": app}, "pi-1", containers=(Container("main", **PROFILE),))


def _owned(wanted: int, live: int | None) -> Pair:
    """A Deployment of release istiod with so many replicas wanted, and so many live; None: it is gone."""
    meta = {"name": "istiod", "namespace": "istio-system"}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"replicas": wanted}}
    return Pair("release istiod", deployment, None if live is None else {**deployment, "spec": {"replicas": live}})


def in_cluster(facts: Facts, **changes: tuple) -> Facts:
    return replace(facts, snapshot=replace(facts.snapshot, **changes))


def found(facts: Facts, **changes: object) -> Facts:
    return replace(facts, evidence=replace(facts.evidence, **changes))


def problems(facts: Facts) -> list[str]:
    return [f"{finding.check}: {finding}" for finding in errors(run(facts))]


def test_a_healthy_mesh_has_no_problem(healthy):
    assert problems(healthy) == []


@pytest.mark.parametrize("check", ["mesh pods", "services", "istio CRDs", "webhooks", "sidecar injection"])
def test_each_check_of_the_role_is_a_row(healthy, check):
    assert check in {finding.check for finding in run(healthy) if finding.level is Level.OK}


@pytest.mark.parametrize("status", ["failed", "pending-upgrade", "superseded"])
def test_a_release_that_is_not_deployed_is_a_problem(healthy, status):
    others = [one for one in healthy.snapshot.releases if one.name != "istiod"]
    (problem,) = problems(in_cluster(healthy, releases=(*others, Release("istio-system", "istiod", 4, status))))
    assert problem.startswith("helm releases: release istio-system/istiod: is")
    assert status in problem


def test_a_release_that_is_gone_is_a_problem(healthy):
    (problem,) = problems(in_cluster(healthy, releases=healthy.snapshot.releases[1:]))
    assert problem.startswith("helm releases: release istio-system/istio-base: is not there")


@pytest.mark.row(11)
def test_a_deleted_deployment_is_a_problem_with_the_command_that_restores_it(healthy):
    (problem,) = problems(in_cluster(healthy, deployments=healthy.snapshot.deployments[1:]))
    assert "deployment istio-system/istiod: is gone" in problem
    assert "`helm rollback -n istio-system istiod 3`" in problem


def test_a_deployment_scaled_to_nothing_is_a_problem(healthy):
    first, *rest = healthy.snapshot.deployments
    (problem,) = problems(in_cluster(healthy, deployments=(replace(first, wanted=0, ready=0), *rest)))
    assert "0 of 0 pods are ready" in problem


def test_a_pod_that_finds_no_node_is_named(healthy):
    first, *rest = healthy.snapshot.deployments
    waiting = replace(_pod("istiod"), node="", ready=False)
    pods = (waiting, *healthy.snapshot.pods[1:])
    (problem,) = problems(in_cluster(healthy, deployments=(replace(first, ready=0), *rest), pods=pods))
    assert "istiod-0 finds no node" in problem


def test_a_live_limit_that_is_not_the_profiles_is_a_problem(healthy):
    fat = Container("main", PROFILE["requests"], Amount(900, 256 * MI))
    pods = (replace(_pod("istiod"), containers=(fat,)), *healthy.snapshot.pods[1:])
    (problem,) = problems(in_cluster(healthy, pods=pods))
    assert "limits 900m / 256Mi, not 500m / 256Mi" in problem


def test_an_old_pod_on_its_way_out_is_not_judged(healthy):
    old = replace(_pod("istiod"), name="istiod-old", containers=(Container("main"),), ending=True)
    assert problems(in_cluster(healthy, pods=(*healthy.snapshot.pods, old))) == []


def test_a_container_that_ran_out_of_memory_is_a_warning(healthy):
    pod = replace(_pod("istiod"), out_of_memory=("discovery",), restarts=4)
    seen = run(in_cluster(healthy, pods=(pod, *healthy.snapshot.pods[1:])))
    assert any(
        f.level is Level.WARNING and "discovery outgrew the memory limit (4 restarts)" in f.message for f in seen
    )


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
    (problem,) = problems(found(healthy, pairs=(healthy.evidence.pairs[0], _owned(1, 0))))
    assert "Deployment istio-system/istiod: was changed: spec.replicas: 0, not 1" in problem


def test_a_deleted_object_of_a_release_is_a_problem(healthy):
    (problem,) = problems(found(healthy, pairs=(healthy.evidence.pairs[0], _owned(1, None))))
    assert "of release istiod is gone" in problem


def test_workloads_without_a_sidecar_are_listed_by_name(healthy):
    bare = Pod("trading", "ledger-0", node="pi-1", containers=(Container("app"),))
    seen = run(in_cluster(healthy, pods=(*healthy.snapshot.pods, bare)))
    assert any(f.where == "pod trading/ledger-0" and f.level is Level.WARNING for f in seen)


def test_a_root_near_its_end_is_a_problem(healthy):
    late = replace(healthy, authority=Authority(make_root(days=5).pem))
    assert any("in less than 7 days" in problem for problem in problems(late))


def test_no_root_at_all_is_a_problem(healthy):
    (problem,) = problems(replace(healthy, authority=Authority()))
    assert "istio-ca-root-cert: is not there" in problem
