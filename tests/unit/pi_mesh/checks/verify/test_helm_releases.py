"""The verification's findings about Helm releases."""

from dataclasses import replace

from pi_mesh.checks.finding import Level, errors
from pi_mesh.checks.verify import helm_releases
from pi_mesh.cluster.helm_releases import ReleaseRecord, digest
from pi_mesh.cluster.objects import Deployment
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, applied_as_asked, found, in_cluster, run

BASE, ISTIOD, *GATEWAYS = HEALTHY.snapshot.releases
WELL = "OK is deployed, revision 3"
ABSENT = "ERROR=0 the mesh is not installed; `pulumi up`;"
LEFT = tuple(
    replace(applied_as_asked(release), values=release.typed, extra=digest(release.id, release.extra))
    for release in HEALTHY.mesh.releases
)
READ_ONLY = in_cluster(found(HEALTHY, releases=LEFT, left_by_up=LEFT, read_only=True), releases=())
"""The input that get and list alone give."""
OTHER = tuple(replace(release, objects=({"kind": "Service"},)) for release in HEALTHY.live.releases)
OMITTED = tuple(replace(release, omitted=("password",)) for release in LEFT)
PASSWORD = f"{helm_releases.SECRET} istio-system/password"


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


def test_a_healthy_mesh_has_no_problem_and_what_is_not_compared_is_named():
    assert_lines([row for row in run(READ_ONLY) if row.level is Level.ERROR], "")
    unknown = [row for row in run(READ_ONLY) if row.level is Level.UNKNOWN]
    assert_lines(unknown, "UNKNOWN not compared: Helm's records…a certificate from istiod")


def test_without_what_up_leaves_nothing_is_proved():
    problems = errors(run(found(READ_ONLY, releases=(), left_by_up=())))
    named = {row.name for row in problems if row.id == "helm releases"}
    assert named == {release.id for release in HEALTHY.mesh.releases}


@table(
    case("all is left", HEALTHY, ""),
    case("nothing is left yet", found(HEALTHY, left_by_up=()), "WARNING ; `pulumi up`$"),
    case("other objects are left", found(HEALTHY, releases=OTHER), "WARNING differs from Helm's record"),
    case("a secret is named by its release", found(READ_ONLY, releases=OMITTED), f"UNKNOWN {PASSWORD}"),
)
def test_what_up_left_must_match_helms_records(observed, line):
    assert_lines(helm_releases.check_read_only(observed), line)
