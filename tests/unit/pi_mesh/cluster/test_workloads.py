"""Workloads whose pods a rollout recreates."""

from typing import cast

import pytest

from pi_mesh.cluster import workloads
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.workloads import DISRUPTION_BUDGETS, DisruptionBudget, Workload, disruption_budgets
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.fake_client import FakeClient

SPEC = {"replicas": 4, "template": {"metadata": {"labels": {"app": "shop"}}}}
ROLLED_OUT = {"observedGeneration": 2, "updatedReplicas": 4, "availableReplicas": 4, "replicas": 4}
DEPLOYMENT = {"metadata": {"generation": 2}, "spec": SPEC, "status": ROLLED_OUT}


def owned(owner: str) -> Pod:
    return Pod("trading", "shop-1", owner=owner)


def replica_set(*owners: dict) -> dict:
    return {"metadata": {"ownerReferences": [{"controller": True, **owner} for owner in owners]}}


def test_a_pod_of_a_deployment_leads_to_it_by_the_replica_sets_own_owner():
    client = FakeClient(
        {
            "/apis/apps/v1/namespaces/trading/replicasets/odd-name": replica_set(
                {"kind": "Deployment", "name": "shop"}
            ),
            "/apis/apps/v1/namespaces/trading/deployments/shop": DEPLOYMENT,
        }
    )
    found = workloads.owning_workload(client, owned("ReplicaSet/odd-name"))
    assert isinstance(found, Workload)
    assert (found.kind, found.name, found.replicas, found.is_rolled_out) == ("Deployment", "shop", 4, True)


@pytest.mark.parametrize(
    ("owner", "replica_set_", "why"),
    [
        ("", None, "has no controller, so nothing would replace it"),
        ("Job/backup", None, "belongs to Job backup, which has no rollout"),
        ("ReplicaSet/bare", replica_set(), "belongs to ReplicaSet bare, which has no rollout"),
        (
            "ReplicaSet/x",
            replica_set({"kind": "Rollout", "name": "shop"}),
            "belongs to Rollout shop, which has no rollout",
        ),
        ("StatefulSet/gone", None, "belongs to StatefulSet gone, which does not exist"),
    ],
)
def test_a_pod_that_no_rollout_makes_anew_says_why(owner, replica_set_, why):
    path = f"/apis/apps/v1/namespaces/trading/replicasets/{owner.partition('/')[2]}"
    assert workloads.owning_workload(FakeClient({path: replica_set_}), owned(owner)) == why


@pytest.mark.parametrize(
    "behind", [{"observedGeneration": 1}, {"updatedReplicas": 3}, {"availableReplicas": 3}, {"replicas": 5}]
)
def test_a_rollout_is_over_when_every_pod_is_new_and_available_and_no_old_one_is_left(behind):
    assert not Workload("Deployment", "trading", "shop", SPEC, {**ROLLED_OUT, **behind}, 2).is_rolled_out


def test_a_daemon_set_counts_the_nodes_that_it_is_on():
    status = {"observedGeneration": 1, "desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3}
    assert Workload("DaemonSet", "trading", "agent", SPEC, status, 1).is_rolled_out
    assert not Workload("DaemonSet", "trading", "agent", SPEC, {**status, "numberAvailable": 2}, 1).is_rolled_out


@pytest.mark.parametrize(
    ("kind", "spec", "count"),
    [
        ("Deployment", {}, 1),  # 25 percent of 4, rounded down
        ("Deployment", {"replicas": 1}, 0),  # its successor comes first
        ("Deployment", {"strategy": {"type": "Recreate"}}, 4),
        ("Deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": "50%"}}}, 2),
        ("Deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}}, 0),
        ("Deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": "10%", "maxSurge": 0}}}, 1),
        ("StatefulSet", {}, 1),
        ("DaemonSet", {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}}, 0),
    ],
)
def test_the_pods_that_a_rollout_takes_away_at_once_are_counted_as_kubernetes_does(kind, spec, count):
    status = {"desiredNumberScheduled": 4}
    assert Workload(kind, "trading", "shop", {**SPEC, **spec}, status).unavailable == count


@pytest.mark.parametrize(
    ("kind", "spec", "why"),
    [
        ("Deployment", {"paused": True}, "is paused"),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, "has the update strategy OnDelete"),
        ("Deployment", {}, ""),
    ],
)
def test_a_workload_whose_rollout_stands_still_says_so(kind, spec, why):
    refusal = Workload(kind, "trading", "shop", {**SPEC, **spec}, {}).refusal
    assert refusal.startswith(why)
    assert bool(refusal) == bool(why)


SHOP = Workload("Deployment", "trading", "shop", {"template": {"metadata": {"labels": {"app": "shop"}}}}, {})


def found(selector: dict | None) -> list[DisruptionBudget]:
    status = {"disruptionsAllowed": 1, "expectedPods": 4, "desiredHealthy": 2}
    item = {"metadata": {"name": "shop"}, "spec": {"selector": selector}, "status": status}
    return disruption_budgets(FakeClient({DISRUPTION_BUDGETS.format("trading"): {"items": [item]}}), SHOP)


@pytest.mark.parametrize(
    "selector",
    [
        {},
        {"matchLabels": {"app": "shop"}},
        {"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop", "other"]}]},
        {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]},
    ],
)
def test_a_budget_that_selects_the_pods_bears_on_them(selector):
    assert found(selector) == [DisruptionBudget("shop", allowed=1, most=2)]


@pytest.mark.parametrize(
    "selector",
    [
        None,
        {"matchLabels": {"app": "shop", "tier": "front"}},
        {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["shop"]}]},
        {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
    ],
)
def test_a_budget_of_other_pods_does_not(selector):
    assert found(selector) == []


OURS = "istio-system/istiod"


def item(name: str, owner: str = "", release: str = "", **more: object) -> dict:
    kind, _, owner_name = owner.partition("/")
    space, _, release_name = release.partition("/")
    metadata = {
        "name": name,
        "namespace": "trading",
        "labels": {"app.kubernetes.io/managed-by": "Helm"} if release else {},
        "annotations": {"meta.helm.sh/release-name": release_name, "meta.helm.sh/release-namespace": space},
        "ownerReferences": [{"kind": kind, "name": owner_name, "controller": True}] if owner else [],
    }
    return {"metadata": metadata, "spec": {"containers": []}, **more}


def seen(**kinds: list[dict]) -> list[str]:
    """Return the tenants of the namespace trading with these objects by kind."""
    paths = {**workloads.CONTROLLERS, "Pod": workloads.PODS, "PersistentVolumeClaim": workloads.VOLUMES}
    answers = {paths[kind].format("trading"): {"items": items} for kind, items in kinds.items()}
    return workloads.foreign_workloads(cast(Client, FakeClient(answers)), "trading", (OURS,))


@pytest.mark.parametrize("kind", [*workloads.CONTROLLERS, "Pod", "PersistentVolumeClaim"])
def test_a_workload_or_volume_of_others_is_named(kind):
    assert seen(**{kind: [item("shop")]}) == [f"{kind} shop"]


def test_a_deployment_of_the_stacks_own_releases_is_none_and_neither_are_its_pods():
    pod = item("istiod-6d4f-x", owner="ReplicaSet/istiod-6d4f")
    assert seen(Deployment=[item("istiod", release=OURS)], Pod=[pod]) == []


def test_a_deployment_of_anothers_release_is_one():
    assert seen(Deployment=[item("shop", release="trading/shop")]) == ["Deployment shop"]


def test_pods_and_jobs_are_named_by_what_makes_them():
    job = item("report-1", owner="CronJob/report")
    there = seen(CronJob=[item("report")], Job=[job], Pod=[item("report-1-x", owner="Job/report-1")])
    assert there == ["CronJob report"]


def test_a_pod_of_a_controller_that_is_not_listed_is_named_itself():
    assert seen(Pod=[item("web-77-x", owner="ReplicaSet/web-77")]) == ["Pod web-77-x"]


def test_what_has_finished_is_none():
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    assert seen(Job=[item("once", status=done)], Pod=[item("once-x", status={"phase": "Succeeded"})]) == []


def test_what_an_operation_makes_for_seconds_is_none():
    pod = item("probe")
    pod["metadata"]["labels"] = {SHORT_LIVED_LABEL: "true"}
    assert seen(Pod=[pod], Job=[pod]) == []
