"""The root of a certificate."""

from datetime import timedelta

import pytest

from pi_mesh.certificates import chains
from pi_mesh.certificates.chains import leads_to_root
from pi_mesh.certificates.pem import CertificateError
from tests.support.authorities import NOW, Authority, make_ca, make_root
from tests.support.findings import case, table

ROOT, OTHER = make_root(), make_root("other")
UPPER = make_ca("upper", ROOT, path_length=1)
LOWER = make_ca("lower", UPPER)
LEAF = make_ca("leaf", LOWER, ca=False)
BETWEEN = (OTHER, UPPER, LOWER, ROOT)
A_SECOND = timedelta(seconds=1)
WEEK = timedelta(days=7)
OFFLINE = make_root("Offline root")
MIDDLE = make_ca("Middle", OFFLINE, days=2000, path_length=2)
PKI = make_ca("Vault pki", MIDDLE, days=1000, path_length=1)
CHAIN, ENDLESS = (PKI, MIDDLE, OFFLINE), (PKI, OFFLINE)


@table(
    (LEAF, ROOT, BETWEEN, True),
    case("in whatever order the others come", LEAF, ROOT, BETWEEN[::-1], True),
    (LEAF, OTHER, BETWEEN, False),
    case("one is missing", LEAF, ROOT, (LOWER,), False),
    case("nothing is needed below its signer", LOWER, UPPER, (), True),
)
def test_a_certificate_leads_to_the_root_that_signed_it(certificate, root, between, leads):
    others = [authority.certificate for authority in between]
    assert leads_to_root(certificate.certificate, root.certificate, others) is leads


def expiry(lifetime: float, left: timedelta) -> chains.Expiry:
    """Return the judgement of a certificate that is valid for so many days and ends after `left`."""
    certificate = make_ca("mesh CA", start=left - timedelta(days=lifetime), days=lifetime).certificate
    return chains.ca_expiry(certificate, NOW)


@table(
    (300, timedelta(days=100) + A_SECOND, "ok"),
    (300, timedelta(days=100), "ok"),
    (300, timedelta(days=100) - A_SECOND, "warning"),
    (300, WEEK, "warning"),
    (300, WEEK - A_SECOND, "error"),
    (300, timedelta(0), "error"),
    (300, -timedelta(days=1), "error"),
    case("a short-lived one goes from ok", 21, WEEK, "ok"),
    case("to an error", 21, WEEK - A_SECOND, "error"),
)
def test_a_warning_begins_below_a_third_of_the_lifetime_and_an_error_below_seven_days(lifetime, left, level):
    assert expiry(lifetime, left).level == level


@pytest.mark.parametrize(("left", "words"), [(10, "less than a third of"), (1, "in less than 7 days"), (200, "")])
def test_the_message_names_the_certificate_and_its_end(left, words):
    judged = expiry(300, timedelta(days=left))
    assert judged.left == timedelta(days=left)
    assert judged.message.startswith("'mesh CA' (")
    assert f" ends {NOW + timedelta(days=left):%Y-%m-%d %H:%M} UTC" in judged.message
    assert words in judged.message


def text(*chain: Authority) -> str:
    return "\n".join(authority.pem for authority in chain)


@table(
    case("in order", CHAIN, CHAIN),
    case("in another order", (PKI, PKI, OFFLINE, OTHER, MIDDLE), CHAIN),
    case("a root is its own chain", (OFFLINE, OFFLINE), (OFFLINE,)),
)
def test_the_end_of_the_chain_is_the_root_in_whatever_order_vault_has_it(known, chain):
    assert chains.up_to_root(text(*known), "pki") == tuple(authority.certificate for authority in chain)


@pytest.mark.parametrize(("known", "end"), [([PKI], "Vault pki"), ([PKI, MIDDLE], "Middle"), (ENDLESS, "Vault pki")])
def test_a_chain_without_an_end_is_refused_with_what_is_missing(known, end):
    missing = rf"^vault.rootMount pki: the chain of 'Vault pki' .* ends at '{end}'.*`vault write pki/issuers/import"
    with pytest.raises(CertificateError, match=missing):
        chains.up_to_root(text(*known), "pki")


def room(*chain: Authority, days: float = 365) -> None:
    chains.require_room(tuple(one.certificate for one in chain), timedelta(days=days), NOW, "vault.rootMount pki")


@pytest.mark.parametrize("days", [365, 999], ids=["below all signers", "together with its signer"])
def test_a_life_that_fits_below_all_signers_is_taken(days):
    room(*CHAIN, days=days)


@table(
    (CHAIN, 1001, r"vault\.ttl 24024h would outlive its signer 'Vault pki'.*at most 239\d\dh"),
    ((make_ca("narrow", OFFLINE), OFFLINE), 365, r"'narrow' .* allows 0 CA certificates below it, but there are 1"),
)
def test_a_signer_that_ends_too_early_or_may_sign_no_ca_is_refused_before_anything_is_made(chain, days, line):
    with pytest.raises(CertificateError, match=line):
        room(*chain, days=days)
