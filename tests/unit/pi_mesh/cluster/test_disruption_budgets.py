"""The disruption budgets of a workload's pods."""

import pytest

from pi_mesh.cluster.disruption_budgets import PATH, Budget, budgets
from pi_mesh.cluster.workloads import Workload
from tests.support.fake_client import FakeClient

SHOP = Workload("Deployment", "trading", "shop", {"template": {"metadata": {"labels": {"app": "shop"}}}}, {})


def found(selector: dict | None) -> list[Budget]:
    status = {"disruptionsAllowed": 1, "expectedPods": 4, "desiredHealthy": 2}
    item = {"metadata": {"name": "shop"}, "spec": {"selector": selector}, "status": status}
    return budgets(FakeClient({PATH.format("trading"): {"items": [item]}}), SHOP)


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
    assert found(selector) == [Budget("shop", allowed=1, most=2)]


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
