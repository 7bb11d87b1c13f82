"""The verification's findings about the mesh's pods."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.pods import Container, Pod
from tests.support.healthy_mesh import component, in_cluster, problems, run


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


def out_of_memory(healthy, pod: Pod) -> list[Finding]:
    seen = run(in_cluster(healthy, pods=(pod, *healthy.snapshot.pods[1:])))
    return [finding for finding in seen if finding.id == "out of memory"]


def test_a_container_that_was_ended_at_its_memory_limit_is_a_warning_with_the_limit_and_its_key(healthy):
    (finding,) = out_of_memory(healthy, replace(component("istiod"), out_of_memory=("main",), restarts=4))
    assert (finding.level, finding.number) == (Level.WARNING, 4)
    assert finding.message == "main was ended at its memory limit of 256Mi (4 restarts)"
    assert finding.fix == "raise istio.resources.limits.memory"


@pytest.mark.parametrize(
    ("name", "annotations", "fix"),
    [
        ("istio-proxy", {}, "raise proxy.resources.limits.memory, or narrow the namespace's sidecarScope"),
        (
            "istio-proxy",
            {"sidecar.istio.io/proxyMemoryLimit": "64Mi"},
            "raise the annotation sidecar.istio.io/proxyMemoryLimit of its pod template,"
            " or narrow the namespace's sidecarScope",
        ),
        ("app", {}, "raise its limit in the workload's manifest"),
    ],
)
def test_the_remedy_names_what_gave_the_limit(healthy, name, annotations, fix):
    containers = (Container("app"), Container("istio-proxy"))
    shop = Pod("trading", "shop-1", containers=containers, out_of_memory=(name,), restarts=1, annotations=annotations)
    (finding,) = out_of_memory(healthy, shop)
    assert finding.fix == fix
    assert "(1 restart)" in finding.message


def test_the_number_of_ready_pods_is_a_field_of_its_own(healthy):
    assert [finding.number for finding in run(healthy) if finding.id == "mesh pods"] == [1, 1, 1]
