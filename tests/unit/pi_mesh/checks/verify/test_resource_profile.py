"""The verification's findings about the live pods' resources."""

from dataclasses import replace

from pi_mesh.checks.verify import resource_profile
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import MI, Resources
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, component, in_cluster

PROFILE, ODD = HEALTHY.settings.proxy.resources, Resources(1, MI)


def istiod(*resources: Resources, **more: object) -> Pod:
    containers = (Container("main", *resources),) if resources else component("istiod").containers
    return replace(component("istiod"), containers=containers, **more)


def sidecar(name: str = "app-1", limits: Resources = PROFILE.limits.resources, **more: object) -> Pod:
    """Return a trading pod whose sidecar has the profile's resources, or other limits."""
    proxy = Container("istio-proxy", PROFILE.requests.resources, limits)
    return replace(Pod("trading", name, {}, "pi-1", containers=(Container("app"), proxy)), **more)


FAT = istiod(Resources(100, 128 * MI), Resources(900, 256 * MI))
BOTH = "requests 1m / 1Mi, not …and limits 2m / 1Mi, not "
OLD = sidecar("app-2", Resources(100, 64 * MI))


@table(
    case("a pod with the profile", [istiod()], "OK pod istio-system/istiod-0: requests 100m / "),
    case("another limit", [FAT], "ERROR limits 900m / 256Mi, not 500m / 256Mi"),
    case("both differ", [istiod(ODD, Resources(2, MI))], f"ERROR {BOTH}"),
    case("an old pod on its way out is not judged", [istiod(ODD, ending=True)], ""),
    case(
        "sidecars are counted", [sidecar(), sidecar("b")], "OK=2 namespace trading: all 2 sidecars carry the profile$"
    ),
    case("an earlier profile", [sidecar(), OLD], "ERROR pod trading/app-2: sidecar limits 100m / 64Mi, not "),
    case("a sidecar elsewhere", [sidecar(limits=ODD, namespace="other")], ""),
    case("one on its way out", [sidecar(limits=ODD, ending=True)], ""),
    case("no sidecar", [sidecar(containers=(Container("app"),))], ""),
)
def test_live_resources_must_be_those_of_the_profile(pods, lines):
    assert_lines(resource_profile.check(in_cluster(HEALTHY, pods=tuple(pods))), lines)
