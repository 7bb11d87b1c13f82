"""The preflight's findings about foreign CRDs of Istio, and about CRDs that are too new."""

import pytest

from pi_mesh.checks.preflight.istio_crds import check_owners, check_versions
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Crd, Deployment, crd
from tests.support.preflight_problems import observation, problems
from tests.support.snapshots import make_snapshot, state_of
from tests.support.versions import NEWEST, OLDEST, SHIPPED

NAME, OWN = "gateways.networking.istio.io", "istio-system/istio-base"
FREE, KEPT, OTHERS, BASE = (Crd(NAME, release) for release in ("", OWN, "mesh/base", "istio-system/base"))
ISTIOD = Deployment("mesh", "istiod", {"app": "istiod"})
LIVING = (ReleaseRecord("mesh", "base"), ReleaseRecord("istio-system", "base"))


@pytest.mark.row(12)
def test_crds_of_no_release_are_refused_with_the_commands_that_hand_them_over():
    (problem,) = problems(make_snapshot(crds=(FREE,)))
    assert problem.startswith(f"crd {NAME}: 1 belongs to no Helm release")
    assert f"kubectl label crd {NAME} app.kubernetes.io/managed-by=Helm" in problem
    assert "meta.helm.sh/release-name=istio-base meta.helm.sh/release-namespace=istio-system" in problem


@pytest.mark.row(13)
def test_crds_kept_by_our_own_destroy_are_no_problem():
    assert problems(make_snapshot(crds=(KEPT,))) == []


ALIVE = "an Istio that may be alive needs them: workloads may depend on it: leave it alone"
OURS = "it is this stack's own release: see the row foreign istio"
OWNERS = {
    "none": ((), {}, (), NEWEST, "ok", 0, "none there yet", ""),
    "those of the own release": ((KEPT,), {}, (), NEWEST, "ok", 1, "1 there, none in the way", ""),
    "those of the Gateway API, which are not Istio's":
        ((Crd("gateways.gateway.networking.k8s.io"),), {}, (), NEWEST, "ok", 0, "none there yet", ""),
    "any, with charts before 1.24": ((FREE,), {}, (), SHIPPED, "ok", 1, "1 there, none in the way", ""),
    "those of a release that is alive":
        ((OTHERS,), {"releases": LIVING}, (), NEWEST, "error", 1, "1 belongs to mesh/base; Helm refuses", ALIVE),
    "those of a release that is gone":
        ((OTHERS,), {}, (), NEWEST, "error", 1, "1 belongs to mesh/base; Helm refuses", "`python -m operations repair"),
    "those of a living istiod without a release":
        ((FREE,), {"deployments": (ISTIOD,)}, (), NEWEST, "error", 1, "1 belongs to no Helm release", ALIVE),
    "those of a release of the state, beside others":
        ((BASE,), {"releases": LIVING}, ("base", "istiod"), NEWEST, "error", 1, "1 belongs to istio-system/base", OURS),
    "those of two releases, of which the state has one":
        ((BASE, OTHERS), {"releases": LIVING}, ("base",), NEWEST, "error", 2, "2 belong to istio-system/base, ", ALIVE),
}  # fmt: skip


@pytest.mark.parametrize(
    ("crds", "cluster", "known", "version", "level", "number", "words", "fix"), OWNERS.values(), ids=OWNERS
)
def test_crds_that_helm_would_refuse_are_named(crds, cluster, known, version, level, number, words, fix):
    snapshot = make_snapshot(crds=crds, **cluster)
    (finding,) = check_owners(observation(snapshot, state_of(releases=known), istio={"version": version}))
    assert (finding.level, finding.number) == (level, number)
    assert finding.message.startswith(words)
    assert finding.fix.startswith(fix)


NEW = Crd("sidecars.networking.istio.io", OWN, NEWEST)


@pytest.mark.parametrize(("istio", "level"), [({}, "error"), ({"allowSkip": True}, "warning")])
def test_crds_that_a_newer_mesh_left_are_named_with_the_cure(istio, level):
    (finding,) = check_versions(observation(make_snapshot(crds=(NEW,)), istio={"version": SHIPPED, **istio}))
    assert (finding.level, finding.number) == (level, 1)
    assert f"1 CRD is of Istio {NEWEST}, which an istiod of {SHIPPED} can't read" in finding.message
    assert "if `kubectl get istio-io -A` lists nothing" in finding.fix
    assert "`kubectl delete crd sidecars.networking.istio.io`" in finding.fix


READABLE = {
    "of the same minor version": (SHIPPED, Crd(NEW.name, OWN, OLDEST)),
    "for charts that bring their own": ("1.25.5", NEW),
    "of no known version": (SHIPPED, Crd(NEW.name)),
    "of others": (SHIPPED, Crd("x.others.example", version="9.9.9")),
}


@pytest.mark.parametrize(("version", "crd"), READABLE.values(), ids=READABLE)
def test_other_crds_are_not_judged_by_their_version(version, crd):
    assert [*check_versions(observation(make_snapshot(crds=(crd,)), istio={"version": version}))] == []


def test_the_version_of_a_crd_is_the_charts_label():
    meta = {"name": NEW.name, "labels": {"app.kubernetes.io/version": "1.24.6"}}
    assert (crd({"metadata": meta}).version, crd({"metadata": meta}).minor) == ("1.24.6", 24)
