"""The judgement of a destroy, from what the state recorded and what the cluster has."""

from dataclasses import asdict, replace
from datetime import date, timedelta
from unittest.mock import Mock

import pytest

from pi_mesh.checks import destroy
from pi_mesh.checks.destroy import Destroyed
from pi_mesh.checks.preflight import trading_hours
from pi_mesh.cluster import pod_lifecycle, workloads
from pi_mesh.cluster.errors import ClusterUnreachable, Forbidden, NotConnected, UnknownContext, WrongContext
from pi_mesh.cluster.stack_state import DRAIN, GUARD
from tests.support.factories import ALWAYS, make_mesh
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.versions import NEWEST

URN = "urn:pulumi:test::pi-mesh::pi-mesh:destroy:Guard::destroy-guard"
KUBE_SYSTEM, NAMESPACES, PODS = "/api/v1/namespaces/kube-system", "/api/v1/namespaces", "/api/v1/pods"
DEPLOYMENTS = "/apis/apps/v1/deployments"
IN_TRADING = workloads.CONTROLLERS["Deployment"].format("trading")
FORGOTTEN = (
    "if that cluster is gone for good, `pulumi state delete "
    "'urn:pulumi:test::pi-mesh::pulumi:providers:kubernetes::cluster' --target-dependents` forgets what was on it"
)


def recorded(**overrides: object) -> Destroyed:
    return Destroyed.by_destroy_of(make_mesh(**overrides), "this-one")


def pod(namespace: str, name: str, revision: str = "default", container: str = "istio-proxy", phase: str = "") -> dict:
    """Return a pod of a Deployment with this name."""
    owner = {"kind": "ReplicaSet", "name": f"{name}-1", "controller": True}
    metadata = {"namespace": namespace, "name": f"{name}-1-x", "annotations": {"istio.io/rev": revision}}
    spec, status = {"containers": [{"name": container}]}, {"phase": phase or "Running"}
    return {"metadata": {**metadata, "ownerReferences": [owner]}, "spec": spec, "status": status}


def named(name: str, **labels: str) -> dict:
    return {"metadata": {"name": name, "labels": labels}}


@pytest.fixture
def refusal(monkeypatch):
    """Return `refusal(destroyed, path=items)`: the lines on a cluster with these objects; an exception is raised."""

    def judge(destroyed: Destroyed, objects: dict | None = None, cluster: object = None, pods: object = None) -> str:
        uid = cluster or {"metadata": {"uid": "this-one"}}
        answers = {KUBE_SYSTEM: uid, **{path: {"items": items} for path, items in (objects or {}).items()}}
        answers |= {PODS: pods} if pods else {}
        monkeypatch.setattr(destroy, "Client", FakeClient(answers))
        return destroy.refusal({**asdict(destroyed), "field of a later version": True}, URN)

    return judge


NOTES = {"meta.helm.sh/release-name": "istio-ingressgateway", "meta.helm.sh/release-namespace": "istio-system"}
HELMS = {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": NOTES}
GATEWAY = {"metadata": {"name": "gate", "namespace": "istio-system", **HELMS}}
OF_GATEWAY = pod("istio-system", "gate")
SHOP, TELLER = {IN_TRADING: [named("shop")]}, {PODS: [pod("bank", "teller")]}
CANARY = {"canary": {"version": NEWEST, "revision": "next"}, "tags": {"stable": "next"}}
ASKING = {
    revision: {NAMESPACES: [named(name, **{"istio.io/rev": revision}) for name in ("bank", "trading")]}
    for revision in ("next", "stable", "default")
}
LED = "sidecars: would lose the istiod that configures them and renews their certificates:"


@table(
    case("nobody else uses it", {}, {}),
    case("workloads in an adopted namespace, which stay", {"trading": {"adopt": True}}, SHOP),
    case("a pod elsewhere without a proxy", {}, {PODS: [pod("bank", "teller", container="app")]}),
    case("a pod elsewhere that is done", {}, {PODS: [pod("bank", "report", phase="Succeeded")]}),
    case("a pod of a deleted namespace", {}, {PODS: [pod("trading", "shop")]}),
    case("a gateway of the stack", {"istio": {"adopt": True}}, {DEPLOYMENTS: [GATEWAY], PODS: [OF_GATEWAY]}),
    case("a sidecar of another istiod", {}, {PODS: [pod("bank", "teller", revision="of-others")]}),
    case("a namespace that asks for the first revision", {"istio": CANARY}, ASKING["default"]),
    case("one whose removal is allowed", {"istio": {**CANARY, "allowRemoval": True}}, ASKING["next"]),
    case("anything, where destroy.workloads allows it", {"destroy": {"workloads": True}}, {**SHOP, **TELLER}),
)
def test_a_mesh_that_nobody_else_uses_is_destroyed(refusal, settings, objects):
    assert refusal(recorded(**settings), objects) == ""


@table(
    case("workloads in a namespace of the stack", {}, SHOP, "namespace trading: would be deleted with Deployment shop"),
    case("a long list", {}, {IN_TRADING: [named(f"shop-{number}") for number in range(7)]},
        f"namespace trading: would be deleted with {', '.join(f'Deployment shop-{n}' for n in range(5))} and 2 more"),
    case("sidecars elsewhere", {}, TELLER, f"{LED} bank/teller"),
    case("sidecars elsewhere beside others", {}, {PODS: [pod("bank", "b"), pod("bank", "a")]}, f"{LED} bank/a, bank/b"),
    case("a namespace that asks for a revision", {"istio": CANARY}, ASKING["next"],
        "namespace bank: asks for the revision next, which would be removed"),
    case("a namespace that asks for a tag", {"istio": CANARY}, ASKING["stable"],
        "namespace bank: asks for the revision stable, which would be removed"),
)  # fmt: skip
def test_the_users_of_a_mesh_are_named_with_the_way_out(refusal, settings, objects, line):
    head, user, *ways = refusal(recorded(**settings), objects).splitlines()
    assert head == "others still use this mesh; nothing was touched:"
    assert user.partition("; istio.allowRemoval")[0] == f"  {line}"
    assert "destroy.workloads: true and run `pulumi up`" in ways[0]
    assert f"pulumi state delete '{URN}'" in ways[1]


def test_another_cluster_is_refused_whatever_is_allowed(refusal):
    other = replace(recorded(destroy={"workloads": True}), cluster="another")
    assert refusal(other).startswith("the context 'test' leads to another cluster, with the UID this-one")
    assert refusal(other).endswith(FORGOTTEN)


@table(
    case("no server", NotConnected("cluster 'test' does not answer"), True, FORGOTTEN),
    case("no such context", UnknownContext("it has others; nothing was touched. Run this"), True, FORGOTTEN),
    case("a slow server", ClusterUnreachable("read timed out"), False, "run it again when that is mended"),
    case("no right", Forbidden("403", "no"), False, "run it again when that is mended"),
    case("another context", WrongContext("it is 'x'. Run that"), False, "Run `kubectl config use-context test`"),
)
def test_a_cluster_that_cannot_be_asked_is_refused_and_the_variable_opens_for_one_that_is_gone(
    refusal, monkeypatch, problem, opens, says
):
    assert says in refusal(recorded(), {}, problem)
    monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    assert (refusal(recorded(), {}, problem) == "") is opens


def test_a_cluster_that_answered_once_is_not_gone(refusal, monkeypatch):
    monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    assert "nobody can say" in refusal(recorded(), pods=Forbidden("403", "no"))


def test_a_guard_of_a_version_with_fewer_fields_still_judges(monkeypatch):
    monkeypatch.setattr(destroy, "Client", FakeClient({KUBE_SYSTEM: {"metadata": {"uid": "x"}}, IN_TRADING: SHOP}))
    assert "leads to another cluster" in destroy.refusal({"context": "test", "cluster": "this-one"}, URN)


def test_within_trading_hours_a_destroy_waits_or_is_allowed_for_one_command(refusal, monkeypatch):
    mesh = recorded(trading={"hours": ALWAYS}, destroy={"workloads": True})
    said = refusal(mesh)
    assert said.startswith("trading.hours: a destroy deletes istiod and the gateways, and trading goes on until 00:00")
    assert said.endswith("PI_MESH_IN_TRADING_HOURS=restart; nothing was touched")
    monkeypatch.setenv(trading_hours.VARIABLE, trading_hours.ALLOWED)
    assert refusal(mesh) == ""


def test_outside_of_trading_hours_a_destroy_goes_on(refusal):
    holidays = [f"{date.today() + timedelta(days=day)}" for day in (-2, -1, 0, 1)]
    assert refusal(recorded(trading={"hours": {**ALWAYS, "holidays": holidays}})) == ""


def test_the_guard_gives_its_refusal_and_names_itself_in_it(monkeypatch):
    monkeypatch.setattr(destroy, "refusal", lambda recorded, urn: f"{recorded['context']} {urn}")
    assert destroy.deletion_refusal(URN, DRAINED) == f"test {URN}"


DRAIN_URN = URN.replace(GUARD, DRAIN)
DRAINED = {"context": "test", "namespace": "istio-system", "spare": 10.0}


@pytest.mark.parametrize("answer", [None, ClusterUnreachable("gone")], ids=["answers", "does not answer"])
def test_the_drain_waits_for_the_pods_of_its_namespace_and_refuses_nothing_where_a_cluster(monkeypatch, answer):
    monkeypatch.setattr(destroy, "Client", FakeClient())
    monkeypatch.setattr(pod_lifecycle, "wait_for_stopping_pods", wait := Mock(side_effect=[answer]))
    assert destroy.deletion_refusal(DRAIN_URN, DRAINED) == ""
    assert wait.call_args.args[1:] == ("istio-system", 10.0)
