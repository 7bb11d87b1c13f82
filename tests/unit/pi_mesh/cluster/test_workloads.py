"""Workloads whose pods a rollout recreates, their disruption budgets, and the workloads of others."""

from typing import cast

from pi_mesh.cluster import workloads
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.workloads import DISRUPTION_BUDGETS, DisruptionBudget, Workload, disruption_budgets
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table

SPEC = {"replicas": 4, "template": {"metadata": {"labels": {"app": "shop"}}}}
ROLLED_OUT = {"observedGeneration": 2, "updatedReplicas": 4, "availableReplicas": 4, "replicas": 4}
DAEMONS = {"observedGeneration": 1, "desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3}
APPS = "/apis/apps/v1/namespaces/trading"
SHOP = {"kind": "Deployment", "name": "shop"}
OURS = "istio-system/istiod"


def replica_set(*owners: dict) -> dict:
    return {"metadata": {"ownerReferences": [{"controller": True, **owner} for owner in owners]}}


def test_a_pod_of_a_deployment_leads_to_it_by_the_replica_sets_own_owner():
    deployment = {"metadata": {"generation": 2}, "spec": SPEC, "status": ROLLED_OUT}
    answers = {f"{APPS}/replicasets/odd-name": replica_set(SHOP), f"{APPS}/deployments/shop": deployment}
    pod = Pod("trading", "shop-1", owner="ReplicaSet/odd-name")
    workload = Workload("Deployment", "trading", "shop", SPEC, ROLLED_OUT, 2)
    assert workloads.owning_workload(FakeClient(answers), pod) == workload
    assert workload.replicas == 4


@table(
    ("", (), "has no controller, so nothing would replace it"),
    ("Job/backup", (), "belongs to Job backup, which has no rollout"),
    ("ReplicaSet/bare", (), "belongs to ReplicaSet bare, which has no rollout"),
    ("ReplicaSet/x", ({**SHOP, "kind": "Rollout"},), "belongs to Rollout shop, which has no rollout"),
    ("StatefulSet/gone", (), "belongs to StatefulSet gone, which does not exist"),
)
def test_a_pod_that_no_rollout_makes_anew_says_why(owner, owners, why):
    client = FakeClient({f"{APPS}/replicasets/{owner.partition('/')[2]}": replica_set(*owners)})
    assert workloads.owning_workload(client, Pod("trading", "shop-1", owner=owner)) == why


@table(
    ("Deployment", ROLLED_OUT, 2, True),
    *(("Deployment", {**ROLLED_OUT, key: 3}, 2, False) for key in ("updatedReplicas", "availableReplicas")),
    ("Deployment", {**ROLLED_OUT, "observedGeneration": 1}, 2, False),
    ("Deployment", {**ROLLED_OUT, "replicas": 5}, 2, False),
    ("DaemonSet", DAEMONS, 1, True),
    ("DaemonSet", {**DAEMONS, "numberAvailable": 2}, 1, False),
)
def test_a_rollout_is_over_when_every_pod_is_new_and_available_and_no_old_one_is_left(kind, status, generation, over):
    assert Workload(kind, "trading", "shop", SPEC, status, generation).is_rolled_out is over


def rolling(**update: object) -> dict:
    return {"rollingUpdate": update}


@table(
    ("Deployment", {}, 1),
    ("Deployment", {"replicas": 1}, 0),
    ("Deployment", {"strategy": {"type": "Recreate"}}, 4),
    ("Deployment", {"strategy": rolling(maxUnavailable="50%")}, 2),
    ("Deployment", {"strategy": rolling(maxUnavailable=0, maxSurge=1)}, 0),
    ("Deployment", {"strategy": rolling(maxUnavailable="10%", maxSurge=0)}, 1),
    ("StatefulSet", {}, 1),
    ("DaemonSet", {"updateStrategy": rolling(maxUnavailable=0, maxSurge=1)}, 0),
)
def test_the_pods_that_a_rollout_takes_away_at_once_are_counted_as_kubernetes_does(kind, spec, count):
    assert Workload(kind, "trading", "shop", {**SPEC, **spec}, {"desiredNumberScheduled": 4}).unavailable == count


@table(
    ("Deployment", {"paused": True}, "is paused"),
    ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, "has the update strategy OnDelete"),
    ("Deployment", {}, ""),
)
def test_a_workload_whose_rollout_stands_still_says_so(kind, spec, why):
    assert Workload(kind, "trading", "shop", {**SPEC, **spec}, {}).refusal[: len(why) or None] == why


@table(({"matchLabels": {"app": "shop"}}, True), (None, False))
def test_a_budget_that_selects_the_pods_bears_on_them_and_one_of_other_pods_does_not(selector, bears):
    status = {"disruptionsAllowed": 1, "expectedPods": 4, "desiredHealthy": 2}
    budget = {"metadata": {"name": "shop"}, "spec": {"selector": selector}, "status": status}
    client = FakeClient({DISRUPTION_BUDGETS.format("trading"): {"items": [budget]}})
    budgets = disruption_budgets(client, Workload("Deployment", "trading", "shop", SPEC, {}))
    assert budgets == ([DisruptionBudget("shop", allowed=1, most=2)] if bears else [])


def item(name: str, owner: str = "", release: str = "", labels: dict | None = None, **status: object) -> dict:
    kind, _, owner_name = owner.partition("/")
    space, _, release_name = release.partition("/")
    metadata = {
        "name": name,
        "namespace": "trading",
        "labels": {"app.kubernetes.io/managed-by": "Helm"} if release else labels or {},
        "annotations": {"meta.helm.sh/release-name": release_name, "meta.helm.sh/release-namespace": space},
        "ownerReferences": [{"kind": kind, "name": owner_name, "controller": True}] if owner else [],
    }
    return {"metadata": metadata, "spec": {"containers": []}, "status": status}


PROBE = item("probe", labels={SHORT_LIVED_LABEL: "true"})
COMPLETE = item("once", conditions=[{"type": "Complete", "status": "True"}])
REPORT = item("report-1", owner="CronJob/report")
OF_STACK = {"Deployment": [item("istiod", release=OURS)], "Pod": [item("istiod-6d4f-x", "ReplicaSet/istiod-6d4f")]}
OF_CRON_JOB = {"CronJob": [item("report")], "Job": [REPORT], "Pod": [item("report-1-x", "Job/report-1")]}


@table(
    case("the stack's own deployment is none and neither are its pods", OF_STACK, []),
    case("another release's is one", {"Deployment": [item("a", release="trading/a")]}, ["Deployment a"]),
    case("pods and jobs are named by what makes them", OF_CRON_JOB, ["CronJob report"]),
    case("without a controller in the list", {"Pod": [item("a-7-x", "ReplicaSet/a-7")]}, ["Pod a-7-x"]),
    case("what has finished is none", {"Job": [COMPLETE], "Pod": [item("x", phase="Succeeded")]}, []),
    case("what an operation makes for seconds is none", {"Pod": [PROBE], "Job": [PROBE]}, []),
    *(({kind: [item("a")]}, [f"{kind} a"]) for kind in [*workloads.CONTROLLERS, "Pod", "PersistentVolumeClaim"]),
)
def test_the_workloads_and_volumes_of_others_are_named(objects, named):
    paths = {**workloads.CONTROLLERS, "Pod": workloads.PODS, "PersistentVolumeClaim": workloads.VOLUMES}
    answers = {paths[kind].format("trading"): {"items": items} for kind, items in objects.items()}
    assert workloads.foreign_workloads(cast(Client, FakeClient(answers)), "trading", (OURS,)) == named
