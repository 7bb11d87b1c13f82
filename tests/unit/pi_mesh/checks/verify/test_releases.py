"""The verification's findings about Helm releases."""

import pytest

from pi_mesh.cluster.release_records import ReleaseRecord
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
