"""The rule that requests and limits stay below a Pi's ceiling."""

import pytest

from policies.rules import (
    pi_ceiling,
)
from tests.support.policy_resources import RESOURCES, changed, gateway, istiod, kubernetes, said


def test_a_limit_above_the_ceiling_is_refused_with_its_place():
    fat = changed(RESOURCES, limits__memory="513Mi")
    (message,) = said(pi_ceiling.RULE, istiod(values__global__proxy__resources=fat))
    assert message.startswith("global.proxy.resources.limits.memory 513Mi is above the ceiling of 512Mi. Fix: lower it")


def test_the_ceiling_comes_from_the_policy_config():
    assert said(pi_ceiling.RULE, istiod(), memory="256Mi") == []
    assert len(said(pi_ceiling.RULE, istiod(), memory="255Mi")) == 2


def test_a_missing_limit_is_refused():
    (message,) = said(pi_ceiling.RULE, gateway(values__resources__limits__cpu=None))
    assert message.startswith("resources.limits.cpu is not set")


def test_a_container_without_resources_misses_all_four():
    assert len(said(pi_ceiling.RULE, istiod(values__pilot__resources=None))) == 4
    assert len(said(pi_ceiling.RULE, gateway(chart="kiali", values={"deployment": {}}))) == 4


@pytest.mark.parametrize("quantity", ["256mb", "256Mi each"])
def test_an_unreadable_quantity_is_refused(quantity):
    (message,) = said(pi_ceiling.RULE, gateway(values__resources__limits__memory=quantity))
    assert f"limits.memory '{quantity}' cannot be compared with 512Mi" in message


def test_a_deployments_containers_are_judged_too():
    def deployment(**limits: str) -> dict:
        resources = changed(RESOURCES, **{f"limits__{name}": value for name, value in limits.items()})
        pod = {
            "containers": [{"name": "web", "resources": resources}],
            "initContainers": [{"name": "init", "resources": RESOURCES}],
        }
        return kubernetes("apps/v1", "Deployment", "web", {"template": {"spec": pod}})

    assert said(pi_ceiling.RULE, deployment()) == []
    (message,) = said(pi_ceiling.RULE, deployment(cpu="2"))
    assert message.startswith("web.limits.cpu 2 is above the ceiling of 1")
