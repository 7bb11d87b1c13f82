"""A CA as it stands in a Secret."""

import pytest

from pi_mesh.certificates import pem, signing_files
from pi_mesh.certificates.pem import CertificateError
from tests.support.authorities import make_ca, make_root

ROOT, OTHER = make_root(), make_root("other")
SIGNING = make_ca("signing", ROOT)
ISTIOS = {
    "ca-cert.pem": SIGNING.pem,
    "ca-key.pem": SIGNING.key,
    "cert-chain.pem": SIGNING.pem,
    "root-cert.pem": OTHER.pem + ROOT.pem,
}


def test_the_chain_ends_at_the_root_that_signed_and_other_roots_are_trusted_besides():
    found = signing_files.of(ISTIOS, "Secret mine")
    assert pem.certificates(found.chain, "") == (SIGNING.certificate, ROOT.certificate)
    assert found.further_roots == (OTHER.pem,)


def test_a_root_that_signs_itself_is_a_chain_of_one():
    own = {"ca-cert.pem": ROOT.pem, "ca-key.pem": ROOT.key, "cert-chain.pem": "", "root-cert.pem": ""}
    assert signing_files.of(own, "Secret istio-ca-secret").chain == ROOT.pem


@pytest.mark.parametrize("missing", ["ca-cert.pem", "ca-key.pem"])
def test_a_missing_file_is_named(missing):
    files = {name: text for name, text in ISTIOS.items() if name != missing}
    with pytest.raises(CertificateError, match=f"Secret mine: has neither {missing}"):
        signing_files.of(files, "Secret mine")


def test_the_key_is_in_no_repr():
    assert "PRIVATE" not in repr(signing_files.of(ISTIOS, "Secret mine"))


def test_the_root_of_a_longer_chain_is_the_one_that_signed_its_last_certificate():
    upper = make_ca("upper", ROOT, path_length=1)
    lower = make_ca("lower", upper)
    files = {**ISTIOS, "ca-cert.pem": lower.pem, "ca-key.pem": lower.key, "cert-chain.pem": lower.pem + upper.pem}
    chain = signing_files.of(files, "Secret mine").chain
    assert pem.certificates(chain, "") == (lower.certificate, upper.certificate, ROOT.certificate)
