"""The accepted, announced and refused changes of the mesh's root, and expiry."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pi_mesh.certificates import bundle, chains, trust
from pi_mesh.certificates.trust import Trust
from tests.support.authorities import NOW, Authority, make_ca, make_root, renew

A, B = make_root("A"), make_root("B")
HOUR = timedelta(hours=1)


def make_trust(signer: Authority, *also: Authority, since: timedelta = -timedelta(days=1)) -> Trust:
    """Return the trust of a Secret with real certificates."""
    signing = make_ca("signing", signer, start=since)
    made = bundle.verified_bundle(signing.pem + signer.pem, signing.key, [one.pem for one in also], NOW)
    return trust.of_bundle(made.ca_cert, made.cert_chain, made.root_cert)


def change(live: Trust | None, new: Trust | None) -> trust.Change:
    return trust.change(live, new, NOW, HOUR)


OWN = replace(make_trust(make_root("istiod")), external=False)


def test_a_new_mesh_and_a_rotation_under_the_same_root_need_no_word():
    assert change(None, make_trust(A)).level == "none"
    assert change(make_trust(A), make_trust(A)).level == "none"


@pytest.mark.parametrize(
    ("live", "new"),
    [
        (make_trust(A), make_trust(A, B)),
        (make_trust(A, B), make_trust(B, A)),
        (make_trust(B, A), make_trust(B)),
        (make_trust(A, B), make_trust(A)),
    ],
    ids=["A to A+B", "A+B signed by B", "A+B to B", "A+B back to A"],
)
def test_each_step_to_another_root_is_announced(live, new):
    announced = change(live, new)
    assert announced.level == "announced"
    assert "'A'" in announced.message


@pytest.mark.row(28)
@pytest.mark.parametrize("also", [(), (A,)], ids=["bare", "still trusting the old one"])
def test_a_root_that_nobody_trusts_yet_may_not_sign(also):
    refused = change(make_trust(A), make_trust(B, *also))
    assert refused.level == "refused"
    assert "in one step from 'A'" in refused.message


def test_the_root_that_signs_may_not_be_dropped():
    refused = change(make_trust(A, B), make_trust(B))
    assert refused.level == "refused"
    assert "'A'" in refused.message
    assert "still signs" in refused.message


def test_the_old_root_stays_as_long_as_its_last_certificates():
    signed_lately = make_trust(B, A, since=-HOUR / 2)
    refused = change(signed_lately, make_trust(B))
    assert refused.level == "refused"
    assert "keep it in vault.alsoTrust until then" in refused.message


def test_switching_vault_on_and_off_is_announced_with_what_to_restart():
    for live, new in ((OWN, make_trust(A)), (make_trust(A), None)):
        announced = change(live, new)
        assert announced.level == "announced"
        assert "restart every workload" in announced.message


def test_a_mesh_with_istiods_own_root_stays_without_a_word():
    assert change(OWN, None).level == "none"


@pytest.mark.row(34)
@pytest.mark.parametrize(
    ("days_gone", "level"), [(0, "ok"), (199, "ok"), (201, "warning"), (292, "warning"), (294, "error"), (301, "error")]
)
def test_an_expiry_is_a_warning_below_a_third_and_an_error_below_seven_days(days_gone, level):
    certificate = make_ca("signing", A, start=timedelta(0)).certificate
    assert chains.ca_expiry(certificate, NOW + timedelta(days=days_gone)).level == level


def test_the_old_root_goes_as_soon_as_no_running_proxy_can_hold_a_certificate_of_it():
    signed_lately = replace(make_trust(B, A, since=-2 * HOUR), longest_lifetime=HOUR)
    assert change(signed_lately, make_trust(B)).level == "announced"


def test_a_root_renewed_for_the_same_key_goes_in_one_step():
    assert change(make_trust(A), make_trust(renew(A, days=900))).level == "announced"
    assert change(make_trust(A), make_trust(make_root("A"))).level == "refused"


def test_the_old_root_stays_as_long_as_certificates_of_the_lifetime_before_may_live():
    signed_lately = make_trust(B, A, since=-timedelta(minutes=20))
    lowered = trust.change(signed_lately, make_trust(B), NOW, timedelta(minutes=10))
    assert lowered.level == "refused"


def test_the_trust_of_a_longer_chain_is_its_roots_since_the_ca_at_its_beginning():
    middle = make_ca("middle", A, path_length=1, start=-timedelta(days=9))
    signing = make_ca("signing", middle, start=-timedelta(days=2), days=200)
    made = bundle.verified_bundle(signing.pem + middle.pem + A.pem, signing.key, (), NOW)
    read = trust.of_bundle(made.ca_cert, made.cert_chain, made.root_cert)
    assert read == Trust(A.certificate, (A.certificate,), NOW - timedelta(days=2))
