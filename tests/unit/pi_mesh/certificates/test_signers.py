"""The signers of the CA that is to be made: up to a root, with room below them."""

from datetime import timedelta

import pytest

from pi_mesh.certificates import signers
from pi_mesh.certificates.pem import CertificateError
from tests.support.authorities import NOW, Authority, make_ca, make_root

WHERE = "vault.rootMount pki"
OFFLINE = make_root("Offline root")
MIDDLE = make_ca("Middle", OFFLINE, days=2000, path_length=2)
PKI = make_ca("Vault pki", MIDDLE, days=1000, path_length=1)


def text(*chain: Authority) -> str:
    return "\n".join(one.pem for one in chain)


def room(*chain: Authority, days: float = 365) -> None:
    signers.require_room(tuple(one.certificate for one in chain), timedelta(days=days), NOW, WHERE)


@pytest.mark.parametrize("known", [(PKI, MIDDLE, OFFLINE), (PKI, PKI, OFFLINE, make_root("another"), MIDDLE)])
def test_the_end_of_the_chain_is_the_root_in_whatever_order_vault_has_it(known):
    assert signers.up_to_root(text(*known), "pki") == tuple(one.certificate for one in (PKI, MIDDLE, OFFLINE))


def test_a_root_is_its_own_chain():
    assert signers.up_to_root(text(OFFLINE, OFFLINE), "pki") == (OFFLINE.certificate,)


@pytest.mark.parametrize(
    ("known", "end"), [((PKI,), "Vault pki"), ((PKI, MIDDLE), "Middle"), ((PKI, OFFLINE), "Vault pki")]
)
def test_a_chain_without_an_end_is_refused_with_what_is_missing(known, end):
    with pytest.raises(
        CertificateError,
        match=rf"^{WHERE}: the chain of 'Vault pki' .* ends at '{end}'.*`vault write pki/issuers/import",
    ):
        signers.up_to_root(text(*known), "pki")


def test_a_life_that_fits_below_all_signers_is_taken():
    room(PKI, MIDDLE, OFFLINE)


def test_a_life_may_end_together_with_its_signer():
    room(PKI, MIDDLE, OFFLINE, days=999)


def test_the_signer_that_ends_first_is_the_one_that_bounds_a_life():
    with pytest.raises(
        CertificateError, match=r"vault\.ttl 24024h would outlive its signer 'Vault pki'.*at most 239\d\dh"
    ):
        room(PKI, MIDDLE, OFFLINE, days=1001)


def test_a_signer_that_may_sign_no_ca_is_refused_before_anything_is_made():
    with pytest.raises(CertificateError, match=r"'narrow' .* allows 0 CA certificates below it, but there are 1"):
        room(make_ca("narrow", OFFLINE), OFFLINE)
