"""The comparison of `verify --read-only`, and its limits."""

from dataclasses import replace

from pi_mesh.checks.finding import Level, errors
from pi_mesh.checks.verify import read_only_verification
from pi_mesh.cluster.helm_releases import digest
from tests.support.healthy_mesh import applied_as_asked, found, in_cluster, run


def read_only(seen):
    """Return the input that get and list alone give."""
    left = tuple(
        replace(applied_as_asked(one), values=one.typed, extra=digest(one.id, one.extra)) for one in seen.mesh.releases
    )
    return in_cluster(found(seen, releases=left, left_by_up=left, read_only=True), releases=())


def test_a_healthy_mesh_has_no_problem(healthy):
    assert errors(run(read_only(healthy))) == []


def test_what_is_not_compared_is_named(healthy):
    (finding,) = [one for one in run(read_only(healthy)) if one.level is Level.UNKNOWN]
    assert "Helm's records" in finding.message
    assert "a certificate from istiod" in finding.message


def test_without_what_up_leaves_nothing_is_proved(healthy):
    seen = found(read_only(healthy), releases=(), left_by_up=())
    problems = {one.name for one in errors(run(seen)) if one.id == "helm releases"}
    assert problems == {one.id for one in healthy.mesh.releases}


def test_that_up_left_nothing_yet_is_a_warning_of_the_whole_verification(healthy):
    (finding,) = read_only_verification.check(found(healthy, left_by_up=()))
    assert (finding.level, finding.fix) == (Level.WARNING, "`pulumi up`")


def test_what_up_left_of_other_objects_is_a_warning(healthy):
    other = tuple(replace(one, objects=({"kind": "Service"},)) for one in healthy.live.releases)
    (finding,) = read_only_verification.check(found(healthy, releases=other))
    assert "differs from Helm's record" in finding.message


def test_the_secrets_that_are_not_compared_are_named_by_their_release(healthy):
    some = tuple(replace(one, omitted=("password",)) for one in read_only(healthy).live.releases)
    (finding,) = read_only_verification.check(found(read_only(healthy), releases=some))
    assert f"{read_only_verification.SECRET} istio-system/password" in finding.message
