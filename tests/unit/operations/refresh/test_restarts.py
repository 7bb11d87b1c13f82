"""The workloads that `refresh` restarts, and those that it does not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from operations.refresh import restarts
from operations.refresh.restarts import Plan
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.proxies import Proxies, Proxy
from pi_mesh.cluster.workloads import DISRUPTION_BUDGETS
from tests.support.cluster_of_workloads import Cluster, pod
from tests.support.versions import BEFORE

BUDGETS, PODS = DISRUPTION_BUDGETS.format("trading"), "/api/v1/namespaces/trading/pods"
RECREATE = {"strategy": {"type": "Recreate"}}
TIGHT = "takes 1 pod away at once in a rollout, and PodDisruptionBudget most allows 0 pods"
BY_HAND, BY_OWNER = "create it again from its manifest", "restart it through its owner"


def planned(cluster: Cluster) -> Plan:
    return restarts.restart_plan(cluster, *cluster.read())


def names(plan: Plan) -> list[str]:
    return [restart.workload.name for restart in plan.restarts]


def budget(allowed: int, pods: int = 3, healthy: int = 2) -> dict:
    """Return the answer of a cluster with one PodDisruptionBudget, which is of every pod."""
    status = {"disruptionsAllowed": allowed, "expectedPods": pods, "desiredHealthy": healthy}
    return {"items": [{"metadata": {"name": "most"}, "spec": {"selector": {}}, "status": status}]}


def test_each_workload_with_an_older_proxy_is_restarted_once():
    cluster = Cluster("shop", "app", "new")
    cluster.pods["second"] = pod("shop-2", "ReplicaSet/shop-rs")
    cluster.older["new"] = False
    (app, shop) = planned(cluster).restarts
    assert (app.workload.name, app.pods, shop.pods) == ("app", ("app-1",), ("shop-1", "shop-2"))
    assert shop.said == "2 proxies are older than istiod in: concurrency 1, now 2"


def test_gateways_come_last():
    cluster = Cluster("a-gateway", "shop")
    annotations = {"inject.istio.io/templates": "gateway"}
    cluster.pods["a-gateway"] = replace(cluster.pods["a-gateway"], annotations=annotations)
    assert names(planned(cluster)) == ["shop", "a-gateway"]


@pytest.mark.parametrize(("changes", "name", "words"), [
    ({"pods": {"lonely": pod("lonely", "")}}, "pod trading/lonely", "has no controller, so nothing would replace it"),
    ({"spec": {"paused": True}}, "deployment trading/shop", "is paused (spec.paused)"),
    ({"spec": RECREATE, "budget": budget(0, pods=1, healthy=1)}, "deployment trading/shop", TIGHT),
])  # fmt: skip
def test_what_a_restart_would_break_or_not_reach_is_named_and_not_touched(changes, name, words):
    cluster = Cluster("shop")
    cluster.answers[BUDGETS] = changes.get("budget")
    vars(cluster).update(changes)
    plan = planned(cluster)
    (named,) = plan.untouched
    assert (str(named.subject), names(plan)) == (name, [])
    assert named.message.startswith(words)


@pytest.mark.parametrize(("owner", "fix"), [("", BY_HAND), ("ReplicaSet/app-1", BY_OWNER)])
def test_a_pod_that_is_only_named_is_made_anew_by_its_owner_if_it_has_one(monkeypatch, owner, fix):
    monkeypatch.setattr(restarts.workloads, "owning_workload", lambda *_: "no controller restarts it")
    proxy = Proxy(Pod("trading", "app-1", owner=owner), BEFORE)
    older = {proxy.id: ("concurrency", "drain")}
    (named,) = restarts.restart_plan(Cluster(), Proxies(BEFORE, (proxy,)), older).untouched
    assert (named.name, named.fix) == ("trading/app-1", fix)
    assert named.message == "no controller restarts it; it is older in: concurrency; drain"


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch):
    """Count a second of the clock for each pause, without waiting."""
    clock = [0.0]
    monkeypatch.setattr(restarts.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(restarts.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))


def restart(cluster: Cluster, *, older: bool = True, first: Callable = lambda: None) -> Finding:
    (shop,) = planned(cluster).restarts
    first()
    return restarts.carry_out_restart(cluster, shop, lambda _: older, wait=5)


def unready(**condition: str) -> dict:
    return {"conditions": [{"type": "Ready", "status": "False", **condition}]}


def of_container(**state: object) -> dict:
    return {"containerStatuses": [{"state": state}, {}]}


QUOTA = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: workloads"}
PAST = [{**QUOTA, "status": "False"}, {"type": "Progressing", "status": "True"}]
WAITS = "1 of 1 pods are new"


@pytest.mark.parametrize(("status", "conditions", "cause"), [
    (of_container(waiting={"reason": "ImagePullBackOff"}), [], "pod shop-2 is not Ready (ImagePullBackOff)"),
    (of_container(running={}), [], WAITS),
    (unready(reason="ContainersNotReady"), [], "pod shop-2 is not Ready (ContainersNotReady)"),
    (unready(), [], "pod shop-2 is not Ready (not Ready)"),
    (unready(type="Initialized"), [], WAITS),
    (unready(status="True"), [], WAITS),
    pytest.param({}, [QUOTA], "exceeded quota: workloads", id="a quota, in the api server's words"),
    pytest.param({}, PAST, WAITS, id="a failure of the past is not the cause"),
])  # fmt: skip
def test_one_that_does_not_come_up_is_one_line_with_the_cause(status, conditions, cause):
    cluster = Cluster("shop")
    cluster.comes_up, cluster.conditions = lambda _: False, conditions
    cluster.answers[PODS] = {"items": [{"metadata": {"name": "shop-2"}, "status": status}]}
    stuck = restart(cluster)
    assert stuck.level is Level.ERROR
    assert f"is not restarted after 5 s: {cause}" in stuck.message
    assert stuck.message.endswith("; nothing after it was restarted")
    assert "run refresh again, which continues there" in stuck.fix


def test_a_rollout_that_an_earlier_run_began_is_waited_for_and_not_begun_again():
    cluster = Cluster("shop")
    waits, deployment = iter([False, False, True]), cluster.answers[cluster.path("shop")]

    def later() -> dict:
        cluster.rolled_out["shop"] = next(waits, True)
        return deployment()

    cluster.answers[cluster.path("shop")] = later
    assert (restart(cluster, older=False).level, cluster.restarted) == (Level.OK, [])


def test_a_restart_waits_until_the_disruption_budget_allows_it():
    cluster = Cluster("shop")
    cluster.spec, allowed = RECREATE, iter([0, 0, 0, 1])

    def budgets() -> dict:
        assert not cluster.restarted
        return budget(next(allowed, 1))

    cluster.answers[BUDGETS] = budgets
    assert restart(cluster).level is Level.OK
    assert next(allowed, None) is None


def test_a_budget_that_never_allows_it_ends_the_run_without_a_restart():
    cluster = Cluster("shop")
    cluster.spec, cluster.answers[BUDGETS] = RECREATE, budget(0)
    stuck = restart(cluster)
    assert (stuck.level, cluster.restarted) == (Level.ERROR, [])
    assert "PodDisruptionBudget most allows 0 of its pods to go now" in stuck.message


def test_a_workload_that_is_deleted_meanwhile_is_told():
    cluster = Cluster("shop")
    stuck = restart(cluster, first=lambda: cluster.answers.pop(cluster.path("shop")))
    assert stuck.message == "is not restarted after 5 s: is gone; nothing after it was restarted"
