"""The comparison of the memory limits with the use of the mesh's components for the expected services."""

from pi_mesh.catalog.footprint import GATEWAY, ISTIOD, MARGIN, SIDECAR, Growth
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight.memory_for_the_services import check
from pi_mesh.cluster.objects import Service
from tests.support.findings import case, table
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_snapshot


def findings(count: int, **settings: object) -> list[Finding]:
    snapshot = make_snapshot(services=tuple(Service("crowd", f"service-{number}") for number in range(count)))
    return [*check(observation(snapshot, **settings))]


def below(growth: Growth, count: int) -> dict:
    """Return the resources of a component with 1 MiB less than it takes for so many services."""
    memory = f"{growth.memory(count) // 1024**2 - 1}Mi"
    return {"resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"cpu": "200m", "memory": memory}}}


UNSCOPED = {"sidecarScope": []}
PROXY = {"proxy": below(SIDECAR, 1000)}


@table(
    case("the clusters that the Ansible role is for", 300, {}, 300, "300 services"),
    case("one service", 1, {}, 1, "1 service"),
    case("services that istiod does not watch", 300, {"istio": {"discovery": {"limited": True}}}, 0, "0 services"),
)
def test_the_default_limits_are_enough(count, settings, number, services):
    (finding,) = findings(count, **settings)
    assert (finding.level, finding.number) == ("ok", number)
    assert finding.message == f"the memory limits are enough for {services}"


def test_a_limit_that_measured_memory_fits_is_named_when_istios_own_proxy_may_not_fit():
    services = ISTIOD.reach(256) + 1
    assert ISTIOD.memory(services) / MARGIN < 256 * 1024**2 < ISTIOD.memory(services)
    assert "istio.resources.limits.memory" in [finding.name for finding in findings(services)]


@table(
    case("istiod's", 300, {"istio": below(ISTIOD, 300)}, "istio", True),
    case("the ingress gateway's", 300, {"ingress": below(GATEWAY, 300)}, "ingress", True),
    case("the egress gateway's", 300, {"egress": below(GATEWAY, 300)}, "egress", True),
    case("sidecars that are told of their namespace alone", 1000, PROXY, "proxy", False),
    case("sidecars that are told of the whole mesh", 1000, {**PROXY, "trading": UNSCOPED}, "proxy", True),
    case("those of a further namespace with a scope", 1000, {**PROXY, "namespaces": {"research": {}}}, "proxy", False),
    case("those of a further one without", 1000, {**PROXY, "namespaces": {"research": UNSCOPED}}, "proxy", True),
)
def test_a_limit_below_what_the_services_take_is_named(count, settings, branch, is_named):
    told = findings(count, **settings)
    assert len({finding.level for finding in told}) == 1
    named = [finding.name for finding in told if finding.level == "warning"]
    assert (f"{branch}.resources.limits.memory" in named) is is_named


def test_services_that_we_unlisted_are_unknown():
    (finding,) = check(observation(make_snapshot(unreadable=("services",))))
    assert finding.level == "unknown"
