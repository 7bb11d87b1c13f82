"""The judgement of a destroy, from what the state recorded and what the cluster has."""

from dataclasses import asdict, replace

import pytest

from pi_mesh.checks import destroy
from pi_mesh.checks.destroy import Destroyed
from pi_mesh.cluster import workloads
from pi_mesh.cluster.errors import ClusterUnreachable
from tests.support.factories import make_mesh
from tests.support.fake_client import FakeClient

URN = "urn:pulumi:test::pi-mesh::pi-mesh:destroy:Guard::destroy-guard"
KUBE_SYSTEM, NAMESPACES, PODS = "/api/v1/namespaces/kube-system", "/api/v1/namespaces", "/api/v1/pods"
DEPLOYMENTS = "/apis/apps/v1/deployments"
CANARY = {"canary": {"version": "1.31.0", "revision": "next"}, "tags": {"stable": "next"}}


def recorded(**overrides: object) -> Destroyed:
    return Destroyed.by_destroy_of(make_mesh(**overrides), "this-one")


def pod(namespace: str, name: str, revision: str = "default", deployment: str = "") -> dict:
    owners = [{"kind": "ReplicaSet", "name": f"{deployment}-1", "controller": True}] if deployment else []
    metadata = {"namespace": namespace, "name": name, "annotations": {"istio.io/rev": revision}}
    proxy = {"name": "istio-proxy"}
    return {"metadata": {**metadata, "ownerReferences": owners}, "spec": {"containers": [proxy]}}


def named(name: str, labels: dict[str, str] | None = None) -> dict:
    return {"metadata": {"name": name, "labels": labels or {}}}


@pytest.fixture
def refusal(monkeypatch):
    """Return `refusal(destroyed, path=items)`: the lines on a cluster with these objects; an exception is raised."""

    def judge(destroyed: Destroyed, objects: dict | Exception | None = None) -> str:
        answers: dict[str, object] = {KUBE_SYSTEM: {"metadata": {"uid": "this-one"}}}
        if isinstance(objects, Exception):
            answers[KUBE_SYSTEM] = objects
        else:
            answers |= {path: {"items": items} for path, items in (objects or {}).items()}
        monkeypatch.setattr(destroy, "Client", FakeClient(answers))
        return destroy.refusal(asdict(destroyed), URN)

    return judge


SHOP = {workloads.CONTROLLERS["Deployment"].format("trading"): [named("shop")]}
ELSEWHERE = {PODS: [pod("bank", "teller-1-x", deployment="teller")]}


def test_a_mesh_that_nobody_else_uses_is_destroyed(refusal):
    assert refusal(recorded()) == ""


def test_workloads_in_a_namespace_of_the_stack_are_named_with_the_way_out(refusal):
    lines = refusal(recorded(), SHOP).splitlines()
    assert lines[0] == "others still use this mesh; nothing was touched:"
    assert lines[1] == "  namespace trading: would be deleted with Deployment shop"
    assert "destroy.workloads: true and run `pulumi up`" in lines[2]
    assert f"pulumi state delete '{URN}'" in lines[3]


def test_workloads_in_an_adopted_namespace_stay_and_are_none(refusal):
    assert refusal(recorded(trading={"adopt": True}), SHOP) == ""


def test_sidecars_elsewhere_are_named_by_their_workload(refusal):
    assert "sidecars: would lose the istiod" in refusal(recorded(), ELSEWHERE)
    assert "bank/teller" in refusal(recorded(), ELSEWHERE)


def test_pods_elsewhere_without_a_proxy_or_done_and_pods_of_a_deleted_namespace_are_nobodys_sidecars(refusal):
    bare, done, deleted = pod("bank", "teller"), pod("bank", "report"), pod("trading", "shop")
    bare["spec"]["containers"] = [{"name": "app"}]
    done["status"] = {"phase": "Succeeded"}
    assert refusal(recorded(), {PODS: [bare, done, deleted]}) == ""


def test_a_gateway_of_the_stack_is_no_sidecar_of_others(refusal):
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    notes = {"meta.helm.sh/release-name": "istio-ingressgateway", "meta.helm.sh/release-namespace": "istio-system"}
    own = {"metadata": {"name": "gate", "namespace": "istio-system", "labels": labels, "annotations": notes}}
    gateway = pod("istio-system", "gate-1-x", deployment="gate")
    assert refusal(recorded(istio={"adopt": True}), {DEPLOYMENTS: [own], PODS: [gateway]}) == ""


def test_sidecars_of_another_istiod_are_not_ours_to_lose(refusal):
    assert refusal(recorded(), {PODS: [pod("bank", "teller", revision="of-others")]}) == ""


@pytest.mark.parametrize("revision", ["next", "stable"])
def test_a_namespace_that_asks_for_a_revision_or_a_tag_is_named_unless_its_removal_is_allowed(refusal, revision):
    labels = {"istio.io/rev": revision}
    asking = {NAMESPACES: [named("bank", labels), named("trading", labels)]}
    lines = refusal(recorded(istio=CANARY), asking)
    assert f"namespace bank: asks for the revision {revision}" in lines
    assert "namespace trading: asks" not in lines
    assert refusal(recorded(istio={**CANARY, "allowRemoval": True}), asking) == ""


def test_with_destroy_workloads_nothing_of_it_is_looked_at(refusal):
    assert refusal(recorded(destroy={"workloads": True}), {**SHOP, **ELSEWHERE}) == ""


def test_another_cluster_is_refused_whatever_is_allowed(refusal):
    other = replace(recorded(destroy={"workloads": True}), cluster="another")
    assert "leads to another cluster" in refusal(other)


def test_a_cluster_that_does_not_answer_is_refused_with_the_way_out(refusal, monkeypatch):
    gone = ClusterUnreachable("cluster 'test' does not answer")
    assert "does not answer" in refusal(recorded(), gone)
    monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    assert refusal(recorded(), gone) == ""


def test_a_long_list_is_cut_off_with_its_number(refusal):
    many = {workloads.CONTROLLERS["Deployment"].format("trading"): [named(f"shop-{number}") for number in range(7)]}
    assert "Deployment shop-4 and 2 more" in refusal(recorded(), many)


def test_a_field_that_a_later_version_recorded_is_passed_over(refusal):
    refusal(recorded())
    assert destroy.refusal({**asdict(recorded()), "later": True}, URN) == ""
