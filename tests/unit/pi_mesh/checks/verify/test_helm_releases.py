"""The verification's findings about Helm releases."""

import pytest

from pi_mesh.checks.verify import helm_releases
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Deployment
from tests.support.healthy_mesh import in_cluster, problems


@pytest.mark.parametrize("status", ["failed", "pending-upgrade", "superseded"])
def test_a_release_that_is_not_deployed_is_a_problem(healthy, status):
    others = [one for one in healthy.snapshot.releases if one.name != "istiod"]
    (problem,) = problems(in_cluster(healthy, releases=(*others, ReleaseRecord("istio-system", "istiod", 4, status))))
    assert problem.startswith("helm releases: release istio-system/istiod: is")
    assert status in problem


def test_a_release_that_is_gone_is_a_problem(healthy):
    (problem,) = problems(in_cluster(healthy, releases=healthy.snapshot.releases[1:]))
    assert problem.startswith("helm releases: release istio-system/istio-base: is not there")


NOTHING = {"releases": (), "deployments": ()}


def test_a_mesh_that_is_not_installed_is_one_error(healthy):
    (problem,) = helm_releases.missing_mesh(in_cluster(healthy, **NOTHING))
    assert "the mesh is not installed" in problem.message
    assert problem.fix.startswith("`pulumi up`;")


def test_a_healthy_mesh_is_there(healthy):
    assert helm_releases.missing_mesh(healthy) == []


def test_one_release_is_enough_to_look_at_everything(healthy):
    one = (ReleaseRecord("istio-system", "istiod", 1, "failed"),)
    assert helm_releases.missing_mesh(in_cluster(healthy, **{**NOTHING, "releases": one})) == []


def test_a_release_of_others_is_none_of_the_mesh(healthy):
    assert helm_releases.missing_mesh(in_cluster(healthy, **{**NOTHING, "releases": (ReleaseRecord("web", "shop"),)}))


def test_a_running_istiod_is_not_called_absent_though_its_release_record_is_lost(healthy):
    istiod = (Deployment("istio-system", "istiod"),)
    assert helm_releases.missing_mesh(in_cluster(healthy, **{**NOTHING, "deployments": istiod})) == []


def test_nothing_is_said_of_releases_that_may_not_be_read(healthy):
    assert helm_releases.missing_mesh(in_cluster(healthy, **NOTHING, unreadable=("releases",))) == []
