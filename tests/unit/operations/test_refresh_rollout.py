"""The restarts of workloads, one after the other."""

import pytest

from operations import refresh_plan, refresh_rollout
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.disruption_budgets import PATH
from tests.support.cluster_of_workloads import Cluster


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch):
    """Count a second of the clock for each pause, without waiting."""
    clock = [0.0]
    monkeypatch.setattr(refresh_rollout.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(refresh_rollout.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))


def restart(cluster: Cluster, name: str = "shop", *, older: bool = True) -> Finding:
    (wanted,) = (one for one in refresh_plan.of(cluster, *cluster.read()).restarts if one.workload.name == name)
    return refresh_rollout.carry_out(cluster, wanted, lambda _: older, wait=5)


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

    cluster.answers[PATH.format("trading")] = budgets
    assert restart(cluster).level is Level.OK
    assert next(allowed, None) is None


def test_a_budget_that_never_allows_it_ends_the_run_without_a_restart():
    cluster = Cluster("shop")
    deployment = cluster.answers[cluster.path("shop")]
    recreate = {"strategy": {"type": "Recreate"}}
    cluster.answers[cluster.path("shop")] = lambda: {**deployment(), "spec": {**deployment()["spec"], **recreate}}
    status = {"disruptionsAllowed": 0, "expectedPods": 3, "desiredHealthy": 2}
    budget = {"metadata": {"name": "most"}, "spec": {"selector": {}}, "status": status}
    cluster.answers[PATH.format("trading")] = {"items": [budget]}
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
    (wanted,) = refresh_plan.of(cluster, *cluster.read()).restarts
    del cluster.answers[cluster.path("shop")]
    done = refresh_rollout.carry_out(cluster, wanted, lambda _: True, wait=5)
    assert done.message == "is not restarted after 5 s: is gone; nothing after it was restarted"
