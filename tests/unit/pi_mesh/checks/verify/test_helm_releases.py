"""The verification's findings about Helm releases."""

from pi_mesh.checks.verify import helm_releases
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Deployment
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster

BASE, ISTIOD, *GATEWAYS = HEALTHY.snapshot.releases
WELL = "OK is deployed, revision 3"


def istiod(status: str) -> tuple[ReleaseRecord, ...]:
    return (BASE, ReleaseRecord("istio-system", "istiod", 4, status), *GATEWAYS)


@table(
    case("deployed", HEALTHY.snapshot.releases, [WELL, WELL]),
    case("failed", istiod("failed"), [WELL, "ERROR istio-system/istiod: is failed, revision 4; `pulumi up`"]),
    case("superseded", istiod("superseded"), [WELL, "ERROR is superseded, revision 4"]),
    case("pending", istiod("pending-upgrade"), [WELL, "ERROR is stuck in pending-upgrade; `python -m operations "]),
    case("gone", (ISTIOD, *GATEWAYS), ["ERROR release istio-system/istio-base: is not there", WELL]),
)
def test_a_release_that_is_not_deployed_is_a_problem(releases, lines):
    assert_lines(helm_releases.check(in_cluster(HEALTHY, releases=releases)), "\n".join((*lines, WELL, WELL)))


def left(*, releases: tuple = (), deployments: tuple = (), **more: object):
    return in_cluster(HEALTHY, releases=releases, deployments=deployments, **more)


ABSENT = "ERROR=0 the mesh is not installed; `pulumi up`;"


@table(
    case("a mesh that is not installed", left(), ABSENT),
    case("a healthy one", HEALTHY, ""),
    case("one release", left(releases=(ReleaseRecord("istio-system", "istiod", 1, "failed"),)), ""),
    case("a release of others", left(releases=(ReleaseRecord("web", "shop"),)), ABSENT),
    case("a running istiod whose record is lost", left(deployments=(Deployment("istio-system", "istiod"),)), ""),
    case("releases that may not be read", left(unreadable=("releases",)), ""),
    case("Deployments that may not be read", left(unreadable=("deployments",)), ""),
)
def test_a_mesh_of_which_nothing_is_there_is_one_error(observed, line):
    assert_lines(helm_releases.missing_mesh(observed), line)
