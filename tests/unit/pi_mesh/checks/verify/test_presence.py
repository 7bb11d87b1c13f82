"""The verification's findings where no mesh is installed."""

from pi_mesh.checks.verify import presence
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.release_records import ReleaseRecord
from tests.support.healthy_mesh import in_cluster

NOTHING = {"releases": (), "deployments": ()}


def test_a_mesh_that_is_not_installed_is_one_error(healthy):
    (problem,) = presence.absence(in_cluster(healthy, **NOTHING))
    assert "the mesh is not installed" in problem.message
    assert problem.fix.startswith("`pulumi up`;")


def test_a_healthy_mesh_is_there(healthy):
    assert presence.absence(healthy) == []


def test_one_release_is_enough_to_look_at_everything(healthy):
    one = (ReleaseRecord("istio-system", "istiod", 1, "failed"),)
    assert presence.absence(in_cluster(healthy, **{**NOTHING, "releases": one})) == []


def test_a_release_of_others_is_none_of_the_mesh(healthy):
    assert presence.absence(in_cluster(healthy, **{**NOTHING, "releases": (ReleaseRecord("web", "shop"),)}))


def test_a_running_istiod_is_not_called_absent_though_its_release_record_is_lost(healthy):
    istiod = (Deployment("istio-system", "istiod"),)
    assert presence.absence(in_cluster(healthy, **{**NOTHING, "deployments": istiod})) == []


def test_nothing_is_said_of_releases_that_may_not_be_read(healthy):
    assert presence.absence(in_cluster(healthy, **NOTHING, unreadable=("releases",))) == []
