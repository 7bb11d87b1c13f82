"""The workloads that `refresh` restarts, and those that it does not."""

from dataclasses import replace

import pytest

from operations.refresh import rollout
from operations.refresh.rollout import Plan
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.proxies import Proxy
from pi_mesh.cluster.workloads import DISRUPTION_BUDGETS
from tests.support.cluster_of_workloads import Cluster, pod


def planned(cluster: Cluster) -> Plan:
    return rollout.restart_plan(cluster, *cluster.read())


def names(plan: Plan) -> list[str]:
    return [one.workload.name for one in plan.restarts]


def test_each_workload_with_an_older_proxy_is_restarted_once():
    cluster = Cluster("shop", "app")
    cluster.pods["second"] = pod("shop-2", "ReplicaSet/shop-rs")
    (app, shop) = planned(cluster).restarts
    assert (app.workload.name, app.pods, shop.pods) == ("app", ("app-1",), ("shop-1", "shop-2"))
    assert shop.said == "2 proxies are older than istiod in: concurrency 1, now 2"


def test_what_is_not_older_is_left_alone():
    cluster = Cluster("shop", "app")
    cluster.older["app"] = False
    assert names(planned(cluster)) == ["shop"]


def test_gateways_come_last():
    cluster = Cluster("a-gateway", "shop")
    annotations = {"inject.istio.io/templates": "gateway"}
    cluster.pods["a-gateway"] = replace(cluster.pods["a-gateway"], annotations=annotations)
    assert names(planned(cluster)) == ["shop", "a-gateway"]


def test_a_pod_without_a_controller_is_named_and_not_touched():
    cluster = Cluster("shop")
    cluster.pods["lonely"] = pod("lonely", "")
    plan = planned(cluster)
    (named,) = plan.untouched
    assert (named.kind, named.name) == ("pod", "trading/lonely")
    assert named.message.startswith("has no controller, so nothing would replace it")
    assert names(plan) == ["shop"]


def test_a_workload_whose_rollout_breaks_its_budget_whatever_happens_is_named_and_not_touched():
    cluster = Cluster("shop")
    deployment = cluster.answers[cluster.path("shop")]()
    deployment["spec"]["strategy"] = {"type": "Recreate"}
    cluster.answers[cluster.path("shop")] = deployment
    status = {"disruptionsAllowed": 0, "expectedPods": 1, "desiredHealthy": 1}
    budget = {"metadata": {"name": "always"}, "spec": {"selector": {"matchLabels": {"app": "shop"}}}, "status": status}
    cluster.answers[DISRUPTION_BUDGETS.format("trading")] = {"items": [budget]}
    plan = planned(cluster)
    (named,) = plan.untouched
    assert names(plan) == []
    assert "takes 1 pod away at once in a rollout, and PodDisruptionBudget always allows 0 pods" in named.message


def test_a_paused_deployment_is_named_and_not_touched():
    cluster = Cluster("shop", "app")
    deployment = cluster.answers[cluster.path("shop")]()
    deployment["spec"]["paused"] = True
    cluster.answers[cluster.path("shop")] = deployment
    plan = planned(cluster)
    (named,) = plan.untouched
    assert names(plan) == ["app"]
    assert (named.name, "is paused (spec.paused)" in named.message) == ("trading/shop", True)


@pytest.mark.parametrize(
    ("owner", "fix"),
    [("", "create it again from its manifest"), ("ReplicaSet/app-1", "restart it through its owner")],
)
def test_a_pod_that_is_only_named_is_made_anew_by_its_owner_if_it_has_one(owner, fix):
    proxy = Proxy(Pod("trading", "app-1", owner=owner), "1.30.0")
    found = rollout._named(proxy, "no controller restarts it", ("concurrency", "drain"))
    assert (found.name, found.fix) == ("trading/app-1", fix)
    assert found.message == "no controller restarts it; it is older in: concurrency; drain"


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch):
    """Count a second of the clock for each pause, without waiting."""
    clock = [0.0]
    monkeypatch.setattr(rollout.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(rollout.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))


def restart(cluster: Cluster, name: str = "shop", *, older: bool = True) -> Finding:
    (wanted,) = (one for one in rollout.restart_plan(cluster, *cluster.read()).restarts if one.workload.name == name)
    return rollout.carry_out_restart(cluster, wanted, lambda _: older, wait=5)


def test_a_workload_is_restarted_and_waited_for():
    cluster = Cluster("shop")
    done = restart(cluster)
    assert (done.level, cluster.restarted) == (Level.OK, ["shop"])


def test_one_that_does_not_come_up_is_one_line_with_the_pods_reason():
    cluster = Cluster("shop")
    cluster.comes_up = lambda _: False
    container = {"state": {"waiting": {"reason": "ImagePullBackOff"}}}
    pod = {"metadata": {"name": "shop-2"}, "status": {"containerStatuses": [container]}}
    cluster.answers["/api/v1/namespaces/trading/pods"] = {"items": [pod]}
    done = restart(cluster)
    assert done.level is Level.ERROR
    assert done.message == (
        "is not restarted after 5 s: pod shop-2 is not Ready (ImagePullBackOff); nothing after it was restarted"
    )
    assert "run refresh again, which continues there" in done.fix


def test_a_pod_that_a_quota_refuses_is_told_in_the_api_servers_words():
    cluster = Cluster("shop")
    failure = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: workloads"}
    deployment = cluster.answers[cluster.path("shop")]
    cluster.comes_up = lambda _: False
    cluster.answers[cluster.path("shop")] = lambda: {
        **deployment(),
        "status": {**deployment()["status"], "conditions": [failure]},
    }
    assert "exceeded quota: workloads" in restart(cluster).message


def test_a_rollout_that_an_earlier_run_began_is_waited_for_and_not_begun_again():
    cluster = Cluster("shop")
    waits = iter([False, False, True])
    deployment = cluster.answers[cluster.path("shop")]

    def later() -> dict:
        cluster.rolled_out["shop"] = next(waits, True)
        return deployment()

    cluster.answers[cluster.path("shop")] = later
    done = restart(cluster, older=False)
    assert (done.level, cluster.restarted) == (Level.OK, [])


def test_a_restart_waits_until_the_disruption_budget_allows_it():
    cluster = Cluster("shop")
    deployment = cluster.answers[cluster.path("shop")]
    recreate = {"strategy": {"type": "Recreate"}}
    cluster.answers[cluster.path("shop")] = lambda: {**deployment(), "spec": {**deployment()["spec"], **recreate}}
    allowed = iter([0, 0, 0, 1])

    def budgets() -> dict:
        assert not cluster.restarted
        status = {"disruptionsAllowed": next(allowed, 1), "expectedPods": 3, "desiredHealthy": 2}
        return {"items": [{"metadata": {"name": "most"}, "spec": {"selector": {}}, "status": status}]}

    cluster.answers[DISRUPTION_BUDGETS.format("trading")] = budgets
    assert restart(cluster).level is Level.OK
    assert next(allowed, None) is None


def test_a_budget_that_never_allows_it_ends_the_run_without_a_restart():
    cluster = Cluster("shop")
    deployment = cluster.answers[cluster.path("shop")]
    recreate = {"strategy": {"type": "Recreate"}}
    cluster.answers[cluster.path("shop")] = lambda: {**deployment(), "spec": {**deployment()["spec"], **recreate}}
    status = {"disruptionsAllowed": 0, "expectedPods": 3, "desiredHealthy": 2}
    budget = {"metadata": {"name": "most"}, "spec": {"selector": {}}, "status": status}
    cluster.answers[DISRUPTION_BUDGETS.format("trading")] = {"items": [budget]}
    done = restart(cluster)
    assert (done.level, cluster.restarted) == (Level.ERROR, [])
    assert "PodDisruptionBudget most allows 0 of its pods to go now" in done.message


def unready(**condition: str) -> dict:
    return {"type": "Ready", "status": "False", **condition}


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ({"conditions": [unready(reason="ContainersNotReady")]}, "pod shop-2 is not Ready (ContainersNotReady)"),
        ({"conditions": [unready()]}, "pod shop-2 is not Ready (not Ready)"),
        ({"conditions": [unready(type="Initialized"), unready(status="True")]}, "1 of 1 pods are new"),
        ({"containerStatuses": [{"state": {"running": {}}}, {}]}, "1 of 1 pods are new"),
        ({}, "1 of 1 pods are new"),
    ],
)
def test_a_pod_that_is_not_ready_is_the_cause_of_a_rollout_that_waits(status, cause):
    cluster = Cluster("shop")
    cluster.comes_up = lambda _: False
    cluster.answers["/api/v1/namespaces/trading/pods"] = {"items": [{"metadata": {"name": "shop-2"}, "status": status}]}
    assert restart(cluster).message == f"is not restarted after 5 s: {cause}; nothing after it was restarted"


def test_a_failure_of_the_past_is_not_the_cause():
    cluster = Cluster("shop")
    cluster.comes_up = lambda _: False
    past = [
        {"type": "ReplicaFailure", "status": "False", "message": "quota"},
        {"type": "Progressing", "status": "True"},
    ]
    deployment = cluster.answers[cluster.path("shop")]
    cluster.answers[cluster.path("shop")] = lambda: {
        **deployment(),
        "status": {**deployment()["status"], "conditions": past},
    }
    cluster.answers["/api/v1/namespaces/trading/pods"] = {"items": []}
    assert "1 of 1 pods are new" in restart(cluster).message


def test_a_workload_that_is_deleted_meanwhile_is_told():
    cluster = Cluster("shop")
    (wanted,) = rollout.restart_plan(cluster, *cluster.read()).restarts
    del cluster.answers[cluster.path("shop")]
    done = rollout.carry_out_restart(cluster, wanted, lambda _: True, wait=5)
    assert done.message == "is not restarted after 5 s: is gone; nothing after it was restarted"
