"""What a verification says of releases and pods: a healthy mesh passes, what breaks is a row with its fix."""

from dataclasses import replace

import pytest

from pi_mesh.budget.amount import MI, Amount
from pi_mesh.certificates import pem
from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import run
from pi_mesh.checks.verify.input import Facts
from pi_mesh.cluster.helm_releases import Release
from pi_mesh.cluster.pods import Container
from tests.support.healthy_mesh import PROFILE, component, in_cluster, make_facts, problems


@pytest.fixture
def healthy() -> Facts:
    return make_facts()


def test_a_healthy_mesh_has_no_problem(healthy):
    assert problems(healthy) == []


@pytest.mark.parametrize("check", ["mesh pods", "services", "istio CRDs", "webhooks", "sidecar injection"])
def test_each_check_of_the_role_is_a_row(healthy, check):
    assert check in {finding.id for finding in run(healthy) if finding.level is Level.OK}


def test_the_number_of_ready_pods_is_a_field_of_its_own(healthy):
    assert [finding.number for finding in run(healthy) if finding.id == "mesh pods"] == [1, 1, 1]


def test_the_days_that_a_certificate_has_left_are_a_field_of_their_own(healthy):
    (root,) = pem.certificates(healthy.authority.root_cert, "test")
    left = (root.not_valid_after_utc - healthy.now).days
    assert [f.number for f in run(healthy) if f.id == "mesh certificates" and f.kind == "certificate"] == [left]


@pytest.mark.parametrize("status", ["failed", "pending-upgrade", "superseded"])
def test_a_release_that_is_not_deployed_is_a_problem(healthy, status):
    others = [one for one in healthy.snapshot.releases if one.name != "istiod"]
    (problem,) = problems(in_cluster(healthy, releases=(*others, Release("istio-system", "istiod", 4, status))))
    assert problem.startswith("helm releases: release istio-system/istiod: is")
    assert status in problem


def test_a_release_that_is_gone_is_a_problem(healthy):
    (problem,) = problems(in_cluster(healthy, releases=healthy.snapshot.releases[1:]))
    assert problem.startswith("helm releases: release istio-system/istio-base: is not there")


@pytest.mark.row(11)
def test_a_deleted_deployment_is_a_problem_with_the_command_that_restores_it(healthy):
    (problem,) = problems(in_cluster(healthy, deployments=healthy.snapshot.deployments[1:]))
    assert "deployment istio-system/istiod: is gone" in problem
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


def test_a_live_limit_that_is_not_the_profiles_is_a_problem(healthy):
    fat = Container("main", PROFILE["requests"], Amount(900, 256 * MI))
    pods = (replace(component("istiod"), containers=(fat,)), *healthy.snapshot.pods[1:])
    (problem,) = problems(in_cluster(healthy, pods=pods))
    assert "limits 900m / 256Mi, not 500m / 256Mi" in problem


def test_an_old_pod_on_its_way_out_is_not_judged(healthy):
    old = replace(component("istiod"), name="istiod-old", containers=(Container("main"),), ending=True)
    assert problems(in_cluster(healthy, pods=(*healthy.snapshot.pods, old))) == []


def test_a_container_that_ran_out_of_memory_is_a_warning(healthy):
    pod = replace(component("istiod"), out_of_memory=("discovery",), restarts=4)
    seen = run(in_cluster(healthy, pods=(pod, *healthy.snapshot.pods[1:])))
    assert any(
        f.level is Level.WARNING and "discovery outgrew the memory limit (4 restarts)" in f.message for f in seen
    )
