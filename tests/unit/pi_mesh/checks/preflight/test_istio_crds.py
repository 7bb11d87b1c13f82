"""The preflight's findings about foreign CRDs of Istio."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import istio_crds
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Crd, Deployment, crd
from tests.support.factories import make_mesh
from tests.support.preflight_problems import findings, problems
from tests.support.snapshots import make_snapshot, state_of

OWN = "istio-system/istio-base"


@pytest.mark.row(12)
def test_crds_of_no_release_are_refused_with_the_commands_that_hand_them_over():
    (problem,) = problems(make_snapshot(crds=(Crd("gateways.networking.istio.io"),)))
    assert problem.startswith("crd gateways.networking.istio.io: 1 belongs to no Helm release")
    assert "kubectl label crd gateways.networking.istio.io app.kubernetes.io/managed-by=Helm" in problem
    assert "meta.helm.sh/release-name=istio-base meta.helm.sh/release-namespace=istio-system" in problem


def test_crds_of_a_release_that_is_alive_are_not_taken_from_it():
    crd = Crd("gateways.networking.istio.io", "mesh/base")
    (problem,) = problems(make_snapshot(crds=(crd,), releases=(ReleaseRecord("mesh", "base"),)))
    assert "belongs to mesh/base" in problem
    assert "leave it alone" in problem


def test_crds_of_a_living_istio_without_a_release_are_not_taken_from_it():
    living = Deployment("mesh", "istiod", {"app": "istiod"})
    found = problems(make_snapshot(crds=(Crd("gateways.networking.istio.io"),), deployments=(living,)))
    assert not any("repair" in problem or "kubectl" in problem for problem in found)


@pytest.mark.row(13)
def test_crds_kept_by_our_own_destroy_are_no_problem():
    crd = Crd("gateways.networking.istio.io", OWN)
    assert problems(make_snapshot(crds=(crd,))) == []


@pytest.mark.parametrize(
    ("crds", "message"),
    [((), "none there yet"), ((Crd("gateways.networking.istio.io", OWN),), "1 there, none in the way")],
)
def test_crds_that_are_no_problem_are_counted(crds, message):
    (finding,) = [finding for finding in findings(make_snapshot(crds=crds)) if finding.id == "istio CRDs"]
    assert (finding.message, finding.number) == (message, len(crds))


def test_crds_of_the_gateway_api_are_not_istios():
    assert problems(make_snapshot(crds=(Crd("gateways.gateway.networking.k8s.io"),))) == []


def test_charts_before_1_24_leave_crds_alone():
    snapshot = make_snapshot(crds=(Crd("gateways.networking.istio.io"),), version="v1.29.0")
    assert problems(snapshot, istio={"version": "1.20.3"}) == []


@pytest.mark.parametrize(
    ("known", "fix"),
    [
        (("base",), "it is this stack's own release"),
        (("base", "istiod"), "it is this stack's own release"),
        ((), "an Istio"),
    ],
)
def test_crds_of_a_release_in_the_state_are_told_as_the_stacks_own(known, fix):
    crd, living = Crd("gateways.networking.istio.io", "istio-system/base"), ReleaseRecord("istio-system", "base")
    snapshot = make_snapshot(crds=(crd,), releases=(living,))
    (finding,) = istio_crds.check_owners(Observation(make_mesh(), snapshot, state_of(releases=known)))
    assert finding.fix.startswith(fix)


LEFT = Crd("sidecars.networking.istio.io", "istio-system/istio-base", "1.31.0")


def findings_of_crd_versions(wanted: str, *crds: Crd, **istio: object):
    mesh = make_mesh(istio={"version": wanted, **istio})
    return list(istio_crds.check_versions(Observation(mesh, make_snapshot(crds=crds))))


def test_crds_that_a_newer_mesh_left_are_an_error_with_the_cure():
    (finding,) = findings_of_crd_versions("1.20.3", LEFT)
    assert (finding.level, finding.number) == (Level.ERROR, 1)
    assert "1 CRD is of Istio 1.31.0, which an istiod of 1.20.3 can't read" in finding.message
    assert "if `kubectl get istio-io -A` lists nothing" in finding.fix
    assert "`kubectl delete crd sidecars.networking.istio.io`" in finding.fix


def test_crds_of_the_same_minor_version_are_none():
    assert findings_of_crd_versions("1.20.3", Crd(LEFT.name, LEFT.release, "1.20.7")) == []


def test_allow_skip_makes_it_a_warning():
    (finding,) = findings_of_crd_versions("1.20.3", LEFT, allowSkip=True)
    assert finding.level is Level.WARNING


@pytest.mark.parametrize("wanted", ["1.25.5", "1.31.0"])
def test_charts_that_bring_their_own_crds_exchange_them(wanted):
    assert findings_of_crd_versions(wanted, LEFT) == []


@pytest.mark.parametrize("kept", [Crd("sidecars.networking.istio.io"), Crd("x.others.example", version="9.9.9")])
def test_crds_of_no_known_version_and_those_of_others_are_not_judged(kept):
    assert findings_of_crd_versions("1.20.3", kept) == []


def test_the_version_is_the_charts_label():
    meta = {"name": "sidecars.networking.istio.io", "labels": {"app.kubernetes.io/version": "1.31.0"}}
    assert (crd({"metadata": meta}).version, crd({"metadata": meta}).minor) == ("1.31.0", 31)
