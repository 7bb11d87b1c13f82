"""The comparison of the memory limits with the use of the mesh's components for the expected services."""

import pytest

from pi_mesh.catalog.footprint import GATEWAY, ISTIOD, MARGIN, SIDECAR
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import memory_for_the_services
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_mesh
from tests.support.snapshots import make_snapshot


def findings(count: int, **settings: object) -> list[Finding]:
    snapshot = make_snapshot(services=tuple(Service("crowd", f"service-{number}") for number in range(count)))
    return list(memory_for_the_services.check(Observation(make_mesh(**settings), snapshot)))


def warned(count: int, **settings: object) -> list[str]:
    return [str(one.subject) for one in findings(count, **settings) if one.level is Level.WARNING]


def limit(memory: str) -> dict:
    return {"resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"cpu": "200m", "memory": memory}}}


def test_the_roles_limits_hold_for_the_clusters_it_is_for():
    (found,) = findings(300)
    assert (found.level, found.message) == (Level.OK, "the memory limits are enough for 300 services")


def test_a_limit_that_measured_memory_fits_is_named_when_istios_own_proxy_may_not_fit():
    services = ISTIOD.reach(256) + 1
    assert ISTIOD.memory(services) / MARGIN < 256 * 1024**2 < ISTIOD.memory(services)
    assert "istio.resources.limits.memory" in warned(services)


def test_one_service_is_no_plural():
    (found,) = findings(1)
    assert found.message == "the memory limits are enough for 1 service"


@pytest.mark.parametrize(("key", "growth"), [("istio", ISTIOD), ("ingress", GATEWAY), ("egress", GATEWAY)])
def test_a_limit_below_what_the_services_take_is_named(key, growth):
    assert warned(300, **{key: limit(f"{growth.memory(300) // 1024**2 - 1}Mi")}) == [f"{key}.resources.limits.memory"]


def test_sidecars_count_only_when_they_are_told_of_the_whole_mesh():
    small = limit(f"{SIDECAR.memory(1000) // 1024**2 - 1}Mi")
    assert "proxy.resources.limits.memory" not in warned(1000, proxy=small)
    assert "proxy.resources.limits.memory" in warned(1000, proxy=small, trading={"sidecarScope": []})


def test_services_that_we_may_not_list_are_unknown():
    (found,) = memory_for_the_services.check(Observation(make_mesh(), make_snapshot(unreadable=("services",))))
    assert found.level is Level.UNKNOWN


def test_services_of_namespaces_that_istiod_does_not_watch_are_not_counted():
    (found,) = findings(300, istio={"discovery": {"limited": True}})
    assert found.number == 0


def test_sidecars_of_a_further_namespace_without_a_scope_are_judged():
    small = {"proxy": limit(f"{SIDECAR.memory(1000) // 1024**2 - 1}Mi")}
    assert "proxy.resources.limits.memory" not in warned(1000, **small, namespaces={"research": {}})
    assert "proxy.resources.limits.memory" in warned(1000, **small, namespaces={"research": {"sidecarScope": []}})
