"""The verification's findings about the mesh's pods."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import run
from tests.support.healthy_mesh import component, in_cluster, problems


@pytest.mark.row(11)
def test_a_deleted_deployment_is_a_problem_with_the_command_that_restores_it(healthy):
    (problem,) = problems(in_cluster(healthy, deployments=healthy.snapshot.deployments[1:]))
    assert "deployment istio-system/istiod: is missing" in problem
    assert "`helm rollback -n istio-system istiod 3`" in problem


def test_a_deployment_scaled_to_nothing_is_a_problem(healthy):
    first, *rest = healthy.snapshot.deployments
    (problem,) = problems(in_cluster(healthy, deployments=(replace(first, wanted=0, ready=0), *rest)))
    assert "0 of 0 pods are ready" in problem


def test_a_pod_that_finds_no_node_is_named(healthy):
    first, *rest = healthy.snapshot.deployments
    waiting = replace(component("istiod"), node="", ready=False)
    pods = (waiting, *healthy.snapshot.pods[1:])
    (problem,) = problems(in_cluster(healthy, deployments=(replace(first, ready=0), *rest), pods=pods))
    assert "istiod-0 finds no node" in problem


def test_a_container_that_ran_out_of_memory_is_a_warning(healthy):
    pod = replace(component("istiod"), out_of_memory=("discovery",), restarts=4)
    seen = run(in_cluster(healthy, pods=(pod, *healthy.snapshot.pods[1:])))
    assert any(
        f.level is Level.WARNING and "discovery exceeded the memory limit (4 restarts)" in f.message for f in seen
    )


def test_the_number_of_ready_pods_is_a_field_of_its_own(healthy):
    assert [finding.number for finding in run(healthy) if finding.id == "mesh pods"] == [1, 1, 1]
