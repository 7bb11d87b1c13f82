"""The workloads that `refresh` restarts, and those that it does not."""

from dataclasses import replace

import pytest

from operations import refresh_plan
from operations.refresh_plan import Plan
from pi_mesh.cluster.disruption_budgets import PATH
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.proxies import Proxy
from tests.support.cluster_of_workloads import Cluster, pod


def planned(cluster: Cluster) -> Plan:
    return refresh_plan.of(cluster, *cluster.read())


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
    cluster.answers[PATH.format("trading")] = {"items": [budget]}
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
    found = refresh_plan._named(proxy, "no controller restarts it", ("concurrency", "drain"))
    assert (found.name, found.fix) == ("trading/app-1", fix)
    assert found.message == "no controller restarts it; it is older in: concurrency; drain"
