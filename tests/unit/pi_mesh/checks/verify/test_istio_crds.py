"""The verification's findings about Istio's CRDs."""

from tests.support.healthy_mesh import in_cluster, problems


def test_a_missing_crd_is_named(healthy):
    (problem,) = problems(in_cluster(healthy, crds=healthy.snapshot.crds[1:]))
    assert "1 of 14 is missing: destinationrules.networking.istio.io" in problem
