"""The root of a certificate."""

from datetime import timedelta

import pytest

from pi_mesh.certificates import chains
from pi_mesh.certificates.chains import leads_to_root
from pi_mesh.certificates.pem import CertificateError
from tests.support.authorities import NOW, Authority, make_ca, make_root

ROOT, OTHER = make_root(), make_root("other")
UPPER = make_ca("upper", ROOT, path_length=1)
LOWER = make_ca("lower", UPPER)
LEAF = make_ca("leaf", LOWER, ca=False).certificate
BETWEEN = (OTHER.certificate, UPPER.certificate, LOWER.certificate, ROOT.certificate)


def test_it_leads_to_the_root_in_whatever_order_the_others_come():
    assert leads_to_root(LEAF, ROOT.certificate, BETWEEN)
    assert leads_to_root(LEAF, ROOT.certificate, reversed(BETWEEN))


def test_it_leads_to_no_other_root_and_nowhere_with_one_missing():
    assert not leads_to_root(LEAF, OTHER.certificate, BETWEEN)
    assert not leads_to_root(LEAF, ROOT.certificate, (LOWER.certificate,))


def test_a_certificate_that_the_root_signed_needs_nothing_between():
    assert leads_to_root(LOWER.certificate, UPPER.certificate)


A_SECOND = timedelta(seconds=1)


def judged(lifetime: float, left: timedelta) -> chains.Expiry:
    """Return the judgement of a certificate that is valid for so many days and ends after `left`."""
    certificate = make_ca("mesh CA", start=left - timedelta(days=lifetime), days=lifetime).certificate
    return chains.ca_expiry(certificate, NOW)


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (timedelta(days=100) + A_SECOND, "ok"),
        (timedelta(days=100), "ok"),
        (timedelta(days=100) - A_SECOND, "warning"),
        (timedelta(days=7), "warning"),
        (timedelta(days=7) - A_SECOND, "error"),
        (timedelta(0), "error"),
        (-timedelta(days=1), "error"),
    ],
)
def test_a_warning_begins_below_a_third_of_the_lifetime_and_an_error_below_seven_days(left, level):
    assert judged(300, left).level == level


def test_a_short_lived_certificate_goes_from_ok_to_an_error():
    assert judged(21, timedelta(days=7)).level == "ok"
    assert judged(21, timedelta(days=7) - A_SECOND).level == "error"


@pytest.mark.parametrize(
    ("left", "words"), [(10, "less than a third of its lifetime is left"), (1, "in less than 7 days"), (200, "UTC")]
)
def test_the_message_names_the_certificate_and_its_end(left, words):
    end = NOW + timedelta(days=left)
    found = judged(300, timedelta(days=left))
    assert found.left == timedelta(days=left)
    assert found.message.startswith("'mesh CA' (")
    assert f" ends {end:%Y-%m-%d %H:%M} UTC" in found.message
    assert words in found.message


WHERE = "vault.rootMount pki"
OFFLINE = make_root("Offline root")
MIDDLE = make_ca("Middle", OFFLINE, days=2000, path_length=2)
PKI = make_ca("Vault pki", MIDDLE, days=1000, path_length=1)


def text(*chain: Authority) -> str:
    return "\n".join(one.pem for one in chain)


def room(*chain: Authority, days: float = 365) -> None:
    chains.require_room(tuple(one.certificate for one in chain), timedelta(days=days), NOW, WHERE)


@pytest.mark.parametrize("known", [(PKI, MIDDLE, OFFLINE), (PKI, PKI, OFFLINE, make_root("another"), MIDDLE)])
def test_the_end_of_the_chain_is_the_root_in_whatever_order_vault_has_it(known):
    assert chains.up_to_root(text(*known), "pki") == tuple(one.certificate for one in (PKI, MIDDLE, OFFLINE))


def test_a_root_is_its_own_chain():
    assert chains.up_to_root(text(OFFLINE, OFFLINE), "pki") == (OFFLINE.certificate,)


@pytest.mark.parametrize(
    ("known", "end"), [((PKI,), "Vault pki"), ((PKI, MIDDLE), "Middle"), ((PKI, OFFLINE), "Vault pki")]
)
def test_a_chain_without_an_end_is_refused_with_what_is_missing(known, end):
    with pytest.raises(
        CertificateError,
        match=rf"^{WHERE}: the chain of 'Vault pki' .* ends at '{end}'.*`vault write pki/issuers/import",
    ):
        chains.up_to_root(text(*known), "pki")


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
