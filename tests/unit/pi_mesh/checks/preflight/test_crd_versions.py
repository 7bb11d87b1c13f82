"""The preflight's findings about CRDs that are newer than the new istiod."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.preflight import crd_versions
from pi_mesh.cluster.objects import Crd, crd
from tests.support.factories import make_mesh
from tests.support.snapshots import make_snapshot

LEFT = Crd("sidecars.networking.istio.io", "istio-system/istio-base", "1.31.0")


def findings(wanted: str, *crds: Crd, **istio: object):
    mesh = make_mesh(istio={"version": wanted, **istio})
    return list(crd_versions.check(mesh, make_snapshot(crds=crds)))


def test_crds_that_a_newer_mesh_left_are_an_error_with_the_cure():
    (finding,) = findings("1.20.3", LEFT)
    assert (finding.level, finding.number) == (Level.ERROR, 1)
    assert "1 CRD is of Istio 1.31.0, which an istiod of 1.20.3 can't read" in finding.message
    assert "if `kubectl get istio-io -A` lists nothing" in finding.fix
    assert "`kubectl delete crd sidecars.networking.istio.io`" in finding.fix


def test_crds_of_the_same_minor_version_are_none():
    assert findings("1.20.3", Crd(LEFT.name, LEFT.release, "1.20.7")) == []


def test_allow_skip_makes_it_a_warning():
    (finding,) = findings("1.20.3", LEFT, allowSkip=True)
    assert finding.level is Level.WARNING


@pytest.mark.parametrize("wanted", ["1.25.5", "1.31.0"])
def test_charts_that_bring_their_own_crds_exchange_them(wanted):
    assert findings(wanted, LEFT) == []


@pytest.mark.parametrize("kept", [Crd("sidecars.networking.istio.io"), Crd("x.others.example", version="9.9.9")])
def test_crds_of_no_known_version_and_those_of_others_are_not_judged(kept):
    assert findings("1.20.3", kept) == []


def test_the_version_is_the_charts_label():
    meta = {"name": "sidecars.networking.istio.io", "labels": {"app.kubernetes.io/version": "1.31.0"}}
    assert (crd({"metadata": meta}).version, crd({"metadata": meta}).minor) == ("1.31.0", 31)
