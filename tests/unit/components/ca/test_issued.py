"""The mesh's CA from a Certificate of cert-manager."""

import pulumi
import pytest

from components.ca import issued, program
from pi_mesh import inventory
from pi_mesh.cluster import ca_issuer, signing_secret
from pi_mesh.cluster.authority import Authority
from pi_mesh.cluster.ca_state import Answer
from pi_mesh.cluster.errors import ClusterUnreachable
from tests.support import authorities
from tests.support.factories import make_settings
from tests.support.recorder import Recording, record
from tests.support.vault_program import files

ROOT = authorities.make_root()
SIGNED = authorities.make_ca("signed", ROOT, path_length=None)
FILES = {"ca-cert.pem": SIGNED.pem, "ca-key.pem": SIGNED.key, "cert-chain.pem": SIGNED.pem, "root-cert.pem": ROOT.pem}
OLD_ROOT = authorities.make_root("old root")
OLD = authorities.make_ca("old", OLD_ROOT)
BEFORE = {"ca-cert.pem": OLD.pem, "ca-key.pem": OLD.key, "cert-chain.pem": OLD.pem, "root-cert.pem": OLD_ROOT.pem}
"""The files that istiod signs with."""
CERTIFICATE, SECRET = "kubernetes:cert-manager.io/v1:Certificate", "kubernetes:core/v1:Secret"
ISSUER = {"name": "pi", "kind": "ClusterIssuer", "ttl": "4000h"}


@pytest.fixture
def plug_in(monkeypatch):
    """Return `plug_in(ca, secret)`: the resources where cert-manager's Secret holds that, or cannot be read."""

    def run(ca: dict, secret: object = FILES, preview: bool = False, now: dict | None = None) -> Recording:
        def read(_context: str, _namespace: str, name: str) -> object:
            if isinstance(secret, Exception):
                raise secret
            return now if name == "cacerts" else secret

        monkeypatch.setattr(signing_secret, "read", read)
        monkeypatch.setattr(ca_issuer, "is_signed", lambda *_: secret is FILES)
        monkeypatch.setattr(issued, "SECONDS", 0)
        mesh = inventory.of(make_settings(ca=ca))
        return record(lambda: program.plug_in(mesh, Authority(), Answer(), pulumi.ResourceOptions()), preview=preview)

    return run


def test_the_issuer_is_asked_for_a_ca_with_a_new_key_each_time(plug_in):
    (certificate,) = plug_in({"source": "issuer", "issuer": ISSUER}).of_type(CERTIFICATE)
    spec = certificate.props["spec"]
    assert (spec["isCA"], spec["duration"], spec["secretName"]) == (True, "4000h", "mesh-ca")
    assert spec["issuerRef"] == {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "pi"}
    assert spec["privateKey"]["rotationPolicy"] == "Always"
    assert certificate.props["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Ready"


def test_what_it_signed_becomes_istiods_secret(plug_in):
    recording = plug_in({"source": "issuer", "issuer": ISSUER})
    assert files(recording)["ca-cert.pem"] == SIGNED.pem
    assert files(recording)["root-cert.pem"] == ROOT.pem


def test_with_another_source_the_certificate_is_made_and_nothing_is_signed_with_it(plug_in):
    recording = plug_in({"issuer": ISSUER})
    assert len(recording.of_type(CERTIFICATE)) == 1
    assert recording.of_type(SECRET) == []


def test_one_under_a_root_that_nobody_trusts_leaves_the_ca_that_signs(plug_in):
    recording = plug_in({"source": "issuer", "issuer": ISSUER, "alsoTrust": [ROOT.pem]}, now=BEFORE)
    made = files(recording)
    assert made["ca-cert.pem"] == OLD.pem
    assert sorted(made["root-cert.pem"]) == sorted(OLD_ROOT.pem + ROOT.pem)
    assert "CA unchanged: it is signed under 'root'" in recording.logs[0]
    assert "rotate-ca --root --issuer -s test" in recording.logs[0]


def test_one_whose_root_is_trusted_by_now_takes_over(plug_in):
    both = {**BEFORE, "root-cert.pem": OLD_ROOT.pem + ROOT.pem}
    assert files(plug_in({"source": "issuer", "issuer": ISSUER}, now=both))["ca-cert.pem"] == SIGNED.pem


@pytest.mark.parametrize("secret", [None, ClusterUnreachable("no answer")])
def test_a_preview_that_can_not_see_it_shows_all_else(plug_in, secret):
    recording = plug_in({"source": "issuer", "issuer": ISSUER}, secret, preview=True)
    assert len(recording.of_type(CERTIFICATE)) == 1


@pytest.mark.parametrize(
    ("secret", "line"),
    [
        (None, "Secret istio-system/mesh-ca is not there; see why: `kubectl describe certificate mesh-ca`"),
        (ClusterUnreachable("no answer"), "Secret istio-system/mesh-ca can't be read: no answer"),
        ({}, "Secret istio-system/mesh-ca: has neither ca-cert.pem"),
        ({**FILES, "ca-key.pem": ROOT.key}, "the key does not belong to the certificate 'signed'"),
    ],
)
def test_a_ca_that_can_not_be_used_is_one_line_without_the_key(plug_in, secret, line):
    with pytest.raises(pulumi.RunError) as refused:
        plug_in({"source": "issuer", "issuer": ISSUER}, secret)
    assert line in str(refused.value)
    assert "BEGIN" not in str(refused.value)
