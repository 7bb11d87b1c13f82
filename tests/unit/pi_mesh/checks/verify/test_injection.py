"""The verification's findings about a dry run of a pod in the trading namespace."""

from dataclasses import replace

import pytest

from pi_mesh.cluster.injection import Injection
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import MI, Resources
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import found, in_cluster, make_verification, problems


def test_a_pod_that_comes_out_without_its_sidecar_is_a_problem(healthy):
    bare = Injection(Pod("trading", "injection-proof", containers=(Container("app"),)))
    (problem,) = problems(found(healthy, injections={"trading": bare}))
    assert "comes out without istio-proxy" in problem


def test_a_sidecar_of_another_size_is_a_problem(healthy):
    fat = Container("istio-proxy", Resources(100, 128 * MI), Resources(2000, 1024 * MI))
    (problem,) = problems(found(healthy, injections={"trading": Injection(Pod("trading", "p", containers=(fat,)))}))
    assert "requests 100m / 128Mi, not 50m / 128Mi" in problem


def test_a_refused_pod_is_a_problem_with_the_api_servers_words(healthy):
    refused = Injection(refusal="exceeded quota: workloads")
    (problem,) = problems(found(healthy, injections={"trading": refused}))
    assert "exceeded quota: workloads" in problem


def test_a_namespace_without_its_label_is_told_to_get_it(healthy):
    bare = Injection(Pod("trading", "injection-proof", containers=(Container("app"),)))
    namespaces = tuple(replace(one, labels={}) for one in healthy.snapshot.namespaces)
    (problem,) = problems(found(in_cluster(healthy, namespaces=namespaces), injections={"trading": bare}))
    assert "`kubectl label namespace trading istio-injection=enabled --overwrite`" in problem


def test_a_namespace_that_should_follow_a_revision_is_told_to_get_its_label(healthy):
    bare = Injection(Pod("trading", "injection-proof", containers=(Container("app"),)))
    istio = healthy.settings.istio.model_copy(update={"tags": {"stable": "default"}})
    trading = healthy.settings.trading.model_copy(update={"revision": "stable"})
    settings = healthy.settings.model_copy(update={"istio": istio, "trading": trading})
    (problem,) = problems(
        found(replace(healthy, mesh=replace(healthy.mesh, settings=settings)), injections={"trading": bare})
    )
    assert "`kubectl label namespace trading istio.io/rev=stable istio-injection- --overwrite`" in problem


def test_a_namespace_without_injection_is_well_where_a_pod_gets_no_sidecar():
    off = make_verification(make_mesh(namespaces={"batch": {"injection": False}}))
    assert problems(off) == []


def test_a_sidecar_in_a_namespace_without_injection_is_a_problem():
    off = make_verification(make_mesh(namespaces={"batch": {"injection": False}}))
    surprising = Injection(Pod("batch", "injection-proof", containers=(Container("istio-proxy"),)))
    both = {**off.observed.injections, "batch": surprising}
    (problem,) = problems(found(off, injections=both))
    assert "comes out with istio-proxy, and namespaces.batch.injection is false" in problem


@pytest.mark.parametrize("namespaces", [(), (Namespace("trading", {"istio-injection": "enabled"}),)], ids=len)
def test_a_pod_without_its_sidecar_in_a_namespace_with_its_label_is_the_webhooks_problem(healthy, namespaces):
    bare = Injection(Pod("trading", "injection-proof", containers=(Container("app"),)))
    labelled = Namespace("trading", {"istio-injection": "enabled"})
    seen = found(
        in_cluster(healthy, namespaces=(labelled,) if namespaces is None else ()), injections={"trading": bare}
    )
    (problem,) = problems(seen)
    assert ("see the findings of webhooks" in problem) is (namespaces is None)
