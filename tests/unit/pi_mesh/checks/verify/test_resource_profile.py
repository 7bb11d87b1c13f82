"""The verification's findings about the live pods' resources."""

from dataclasses import replace

from pi_mesh.cluster.pods import Container
from pi_mesh.quantities import MI, Resources
from tests.support.healthy_mesh import component, in_cluster, problems


def test_a_live_limit_that_is_not_the_profiles_is_a_problem(healthy):
    fat = Container("main", Resources(100, 128 * MI), Resources(900, 256 * MI))
    pods = (replace(component("istiod"), containers=(fat,)), *healthy.snapshot.pods[1:])
    (problem,) = problems(in_cluster(healthy, pods=pods))
    assert "limits 900m / 256Mi, not 500m / 256Mi" in problem


def test_an_old_pod_on_its_way_out_is_not_judged(healthy):
    old = replace(component("istiod"), name="istiod-old", containers=(Container("main"),), ending=True)
    assert problems(in_cluster(healthy, pods=(*healthy.snapshot.pods, old))) == []
