"""The comparison of `verify --read-only`, and its limits."""

from dataclasses import replace

from pi_mesh.checks.finding import Level, errors
from pi_mesh.checks.verify import read_only_verification
from pi_mesh.cluster.helm_releases import digest
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, applied_as_asked, found, in_cluster, run

LEFT = tuple(
    replace(applied_as_asked(release), values=release.typed, extra=digest(release.id, release.extra))
    for release in HEALTHY.mesh.releases
)
READ_ONLY = in_cluster(found(HEALTHY, releases=LEFT, left_by_up=LEFT, read_only=True), releases=())
"""The input that get and list alone give."""


def test_a_healthy_mesh_has_no_problem_and_what_is_not_compared_is_named():
    assert_lines([row for row in run(READ_ONLY) if row.level is Level.ERROR], "")
    unknown = [row for row in run(READ_ONLY) if row.level is Level.UNKNOWN]
    assert_lines(unknown, "UNKNOWN not compared: Helm's records…a certificate from istiod")


def test_without_what_up_leaves_nothing_is_proved():
    problems = errors(run(found(READ_ONLY, releases=(), left_by_up=())))
    named = {row.name for row in problems if row.id == "helm releases"}
    assert named == {release.id for release in HEALTHY.mesh.releases}


OTHER = tuple(replace(release, objects=({"kind": "Service"},)) for release in HEALTHY.live.releases)
OMITTED = tuple(replace(release, omitted=("password",)) for release in LEFT)
PASSWORD = f"{read_only_verification.SECRET} istio-system/password"


@table(
    case("all is left", HEALTHY, ""),
    case("nothing is left yet", found(HEALTHY, left_by_up=()), "WARNING ; `pulumi up`$"),
    case("other objects are left", found(HEALTHY, releases=OTHER), "WARNING differs from Helm's record"),
    case("a secret is named by its release", found(READ_ONLY, releases=OMITTED), f"UNKNOWN {PASSWORD}"),
)
def test_what_up_left_must_match_helms_records(observed, line):
    assert_lines(read_only_verification.check(observed), line)
