"""Workloads whose pods a rollout recreates."""

import pytest

from pi_mesh.cluster import workloads
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.workloads import Workload
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
    found = workloads.of_pod(client, owned("ReplicaSet/odd-name"))
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
    assert workloads.of_pod(FakeClient({path: replica_set_}), owned(owner)) == why


@pytest.mark.parametrize(
    "behind",
    [{"observedGeneration": 1}, {"updatedReplicas": 3}, {"availableReplicas": 3}, {"replicas": 5}],
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
