"""The preflight's findings about the Issuer that signs the mesh's CA."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.preflight import ca_issuer
from pi_mesh.cluster.cert_manager import SigningIssuer
from pi_mesh.cluster.objects import Crd
from tests.support.factories import make_mesh
from tests.support.snapshots import make_snapshot

CRDS = (Crd("certificates.cert-manager.io"),)
GONE = SigningIssuer("", "is not there")


def found(issuer: SigningIssuer | None, crds: tuple = CRDS, **wanted: str) -> list[tuple[Level, str]]:
    mesh = make_mesh(ca={"source": "issuer", "issuer": {"name": "pi", **wanted}})
    return [(one.level, str(one)) for one in ca_issuer.check(mesh, make_snapshot(issuer=issuer, crds=crds))]


def test_one_that_is_ready_and_keeps_its_root_is_well():
    assert found(SigningIssuer("ca")) == [(Level.OK, "Issuer istio-system/pi: signs the mesh's CA for 8760h")]


@pytest.mark.parametrize(
    ("issuer", "crds", "line"),
    [
        (GONE, (), "certificates.cert-manager.io: is not there: the cluster has no cert-manager"),
        (GONE, CRDS, "ClusterIssuer pi: is not there; it has to sign the mesh's CA; make it, or correct ca.issuer"),
        (SigningIssuer("ca", "secret not found"), CRDS, "secret not found; it has to sign"),
        (SigningIssuer("selfSigned"), CRDS, "is of type selfSigned, which makes another root at each renewal"),
        (SigningIssuer("acme"), CRDS, "is of type acme, which signs no CAs"),
    ],
)
def test_what_keeps_it_from_signing_is_refused(issuer, crds, line):
    ((level, text),) = found(issuer, crds, kind="ClusterIssuer")
    assert level is Level.ERROR
    assert line in text


@pytest.mark.parametrize("crds", [CRDS, ()])
def test_the_mesh_goes_on_without_it_once_the_ca_is_signed(crds):
    ((level, text),) = found(SigningIssuer("ca", "no endpoints", has_signed=True), crds)
    assert level is Level.WARNING
    assert "the mesh's CA stays as it is" in text


def test_without_an_issuer_in_the_settings_nothing_is_said():
    assert [*ca_issuer.check(make_mesh(), make_snapshot())] == []
