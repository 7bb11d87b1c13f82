"""The accepted, announced and refused changes of the mesh's root, and expiry."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pi_mesh.certificates import bundle, trust
from pi_mesh.certificates.trust import Trust
from tests.support.authorities import NOW, Authority, make_ca, make_root, renew

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
    assert refused.level == "refused"
    assert "in one step from 'A'" in refused.message


@pytest.mark.parametrize(
    ("live", "new", "level", "words"),
    [
        pytest.param(None, BY_A, "none", "", id="a new mesh"),
        pytest.param(BY_A, make_trust(A), "none", "", id="a rotation under the same root"),
        pytest.param(OWN, None, "none", "", id="istiod's own root stays"),
        pytest.param(BY_A, BY_A_WITH_B, "announced", "'A'", id="A to A+B"),
        pytest.param(BY_A_WITH_B, BY_B_WITH_A, "announced", "'A'", id="A+B signed by B"),
        pytest.param(BY_B_WITH_A, BY_B, "announced", "'A'", id="A+B to B"),
        pytest.param(BY_A_WITH_B, BY_A, "announced", "'A'", id="A+B back to A"),
        pytest.param(OWN, BY_A, "announced", RESTART, id="Vault on"),
        pytest.param(BY_A, None, "announced", RESTART, id="Vault off"),
        pytest.param(BY_A_WITH_B, BY_B, "refused", "'A'.* still signs", id="the root that signs may not be dropped"),
        pytest.param(LATELY, BY_B, "refused", "keep it in vault.alsoTrust until then", id="its certificates live"),
        pytest.param(SHORT_LIVED, BY_B, "announced", "", id="no running proxy can hold one"),
        pytest.param(BY_A, make_trust(renew(A, days=900)), "announced", "", id="renewed for the same key"),
        pytest.param(BY_A, make_trust(make_root("A")), "refused", "", id="another key of the same name"),
    ],
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
