"""The verification's findings about the live pods' resources."""

from dataclasses import replace

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import resource_profile
from pi_mesh.cluster.pods import Container, Pod
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


def with_sidecar(seen, limits: Resources | None = None, **more: object) -> Pod:
    """Return a trading pod whose sidecar has the profile's resources, or other limits."""
    profile = seen.settings.proxy.resources
    sidecar = Container("istio-proxy", profile.requests.resources, limits or profile.limits.resources)
    return replace(Pod("trading", "app-1", {}, "pi-1", containers=(Container("app"), sidecar)), **more)


def sidecars(seen, *pods: Pod) -> list[tuple[Level, str, str, int | None]]:
    """Return the findings about sidecars."""
    found = resource_profile.check(in_cluster(seen, pods=pods))
    return [(one.level, str(one.subject), one.message, one.number) for one in found]


def test_sidecars_with_the_profile_are_counted(healthy):
    pods = (with_sidecar(healthy), with_sidecar(healthy, name="app-2"))
    assert sidecars(healthy, *pods) == [(Level.OK, "namespace trading", "all 2 sidecars carry the profile", 2)]


def test_a_sidecar_with_an_earlier_profile_is_a_problem_of_its_pod(healthy):
    old = with_sidecar(healthy, limits=Resources(100, 64 * MI), name="app-2")
    ((level, subject, message, _),) = sidecars(healthy, with_sidecar(healthy), old)
    assert (level, subject) == (Level.ERROR, "pod trading/app-2")
    assert message.startswith("sidecar limits 100m / 64Mi, not ")


def test_sidecars_elsewhere_or_on_their_way_out_are_not_judged(healthy):
    odd = Resources(1, MI)
    pods = with_sidecar(healthy, odd, namespace="other"), with_sidecar(healthy, odd, ending=True)
    assert sidecars(healthy, *pods, replace(with_sidecar(healthy), containers=(Container("app"),))) == []


def test_a_pod_of_the_mesh_with_the_profile_is_ok_with_its_figures(healthy):
    (found,) = resource_profile.check(in_cluster(healthy, pods=(component("istiod"),)))
    assert (found.level, str(found.subject)) == (Level.OK, "pod istio-system/istiod-0")
    assert found.message.startswith("requests 100m / ")


def test_requests_and_limits_that_differ_are_both_named(healthy):
    other = Container("main", Resources(1, MI), Resources(2, MI))
    (found,) = resource_profile.check(in_cluster(healthy, pods=(replace(component("istiod"), containers=(other,)),)))
    assert "requests 1m / 1Mi, not " in found.message
    assert " and limits 2m / 1Mi, not " in found.message
