"""The preflight's findings about foreign CRDs of Istio."""

import pytest

from pi_mesh.checks.preflight import crd_owners
from pi_mesh.cluster.objects import Crd, Deployment
from pi_mesh.cluster.release_records import ReleaseRecord
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
    (finding,) = crd_owners.check(make_mesh(), snapshot, state_of(releases=known))
    assert finding.fix.startswith(fix)
