"""The accepted, announced and refused changes of the mesh's root, and expiry."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pi_mesh.certificates import bundle, trust
from pi_mesh.certificates.trust import Trust
from tests.support.authorities import NOW, Authority, make_ca, make_root, renew
from tests.support.findings import case, table

A, B = make_root("A"), make_root("B")
HOUR = timedelta(hours=1)


def make_trust(signer: Authority, *also: Authority, since: timedelta = -timedelta(days=1)) -> Trust:
    """Return the trust of a Secret with real certificates."""
    signing = make_ca("signing", signer, start=since)
    made = bundle.verified_bundle(signing.pem + signer.pem, signing.key, [root.pem for root in also], NOW)
    return trust.of_bundle(made.ca_cert, made.cert_chain, made.root_cert)


BY_A, BY_A_WITH_B, BY_B_WITH_A, BY_B = make_trust(A), make_trust(A, B), make_trust(B, A), make_trust(B)
OWN = replace(make_trust(make_root("istiod")), external=False)
LATELY = make_trust(B, A, since=-HOUR / 2)
SHORT_LIVED = replace(make_trust(B, A, since=-2 * HOUR), longest_lifetime=HOUR)
RESTART = "restart every workload"


@pytest.mark.row(28)
@pytest.mark.parametrize("new", [BY_B, BY_B_WITH_A], ids=["bare", "still trusting the old one"])
def test_a_root_that_nobody_trusts_yet_may_not_sign(new):
    refused = trust.change(BY_A, new, NOW, HOUR)
    assert (refused.level, "in one step from 'A'" in refused.message) == ("refused", True)


@table(
    case("a new mesh", None, BY_A, "none", ""),
    case("a rotation under the same root", BY_A, make_trust(A), "none", ""),
    case("istiod's own root stays", OWN, None, "none", ""),
    case("A to A+B", BY_A, BY_A_WITH_B, "announced", "'A'"),
    case("A+B signed by B", BY_A_WITH_B, BY_B_WITH_A, "announced", "'A'"),
    case("A+B to B", BY_B_WITH_A, BY_B, "announced", "'A'"),
    case("A+B back to A", BY_A_WITH_B, BY_A, "announced", "'A'"),
    case("Vault on", OWN, BY_A, "announced", RESTART),
    case("Vault off", BY_A, None, "announced", RESTART),
    case("the root that signs may not be dropped", BY_A_WITH_B, BY_B, "refused", "'A'.* still signs"),
    case("its certificates live", LATELY, BY_B, "refused", "keep it in vault.alsoTrust until then"),
    case("no running proxy can hold one", SHORT_LIVED, BY_B, "announced", ""),
    case("renewed for the same key", BY_A, make_trust(renew(A, days=900)), "announced", ""),
    case("another key of the same name", BY_A, make_trust(make_root("A")), "refused", ""),
)
def test_each_step_to_another_root_is_announced_and_a_leap_refused(live, new, level, words):
    change = trust.change(live, new, NOW, HOUR)
    assert change.level == level
    assert all(word in change.message for word in words.split(".* "))


def test_the_old_root_stays_as_long_as_certificates_of_the_lifetime_before_may_live():
    signed_lately = make_trust(B, A, since=-timedelta(minutes=20))
    assert trust.change(signed_lately, BY_B, NOW, timedelta(minutes=10)).level == "refused"


def test_the_trust_of_a_longer_chain_is_its_roots_since_the_ca_at_its_beginning():
    middle = make_ca("middle", A, path_length=1, start=-timedelta(days=9))
    signing = make_ca("signing", middle, start=-timedelta(days=2), days=200)
    made = bundle.verified_bundle(signing.pem + middle.pem + A.pem, signing.key, (), NOW)
    read = trust.of_bundle(made.ca_cert, made.cert_chain, made.root_cert)
    assert read == Trust(A.certificate, (A.certificate,), NOW - timedelta(days=2))
