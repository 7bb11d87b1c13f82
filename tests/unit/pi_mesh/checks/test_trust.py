"""The mesh's trust as it is read from the cluster."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pi_mesh.certificates.pem import CertificateError
from pi_mesh.certificates.trust import Trust
from pi_mesh.checks.trust import check_change, of_cluster
from pi_mesh.cluster.authority import Authority
from tests.support.authorities import NOW, make_root

ROOT = make_root().pem


def test_a_cacerts_secret_with_a_root_alone_is_no_traceback():
    try:
        found = of_cluster(Authority(ROOT, {"root-cert.pem": ROOT}))
    except KeyError as error:
        pytest.fail(f"a traceback: {error!r}")
    assert found
    assert not found.external


def test_a_cacerts_secret_without_a_root_is_refused_in_one_line():
    with pytest.raises(CertificateError, match=r"cacerts has no root-cert\.pem"):
        of_cluster(Authority(ROOT, {"ca-cert.pem": ROOT}))


def test_the_lifetimes_of_running_proxies_go_along():
    found = of_cluster(Authority(ROOT, longest_lifetime=timedelta(days=3)))
    assert found
    assert found.longest_lifetime == timedelta(days=3)


A, B = make_root("A"), make_root("B")
SIGNED_NOW = Trust(B.certificate, (A.certificate, B.certificate), NOW)
B_ALONE = Trust(B.certificate, (B.certificate,), NOW)


def dropped(holders: list[str] | None, since: timedelta = timedelta()) -> list[str]:
    """Return the log of a change that drops root A while these proxies hold a certificate of it."""
    lines: list[str] = []
    live = replace(SIGNED_NOW, since=NOW - since)
    check_change(live, B_ALONE, "1h", lines.append, lambda _: holders)
    return lines


def test_a_root_of_which_no_proxy_holds_a_certificate_goes_at_once():
    (line,) = dropped([])
    assert "'A'" in line
    assert "is no longer trusted: no proxy holds a certificate of it" in line


@pytest.mark.parametrize("since", [timedelta(), timedelta(days=9)])
def test_a_root_of_which_a_proxy_holds_a_certificate_stays_whatever_the_time(since):
    with pytest.raises(CertificateError, match="pod trading/old still holds a certificate of another root"):
        dropped(["pod trading/old"], since)


def test_of_many_that_hold_one_the_first_are_named_and_the_rest_counted():
    with pytest.raises(CertificateError, match="pod 4 and 3 more still hold"):
        dropped([f"pod {number}" for number in range(8)])


def test_where_the_proxies_can_not_be_asked_time_decides():
    with pytest.raises(CertificateError, match=r"keep it in vault\.alsoTrust until then"):
        dropped(None)
    assert "the mesh's trust changes" in dropped(None, timedelta(days=9))[0]


def test_the_root_of_an_external_signer_is_external_and_istiods_own_is_not():
    root, other = make_root("first"), make_root("second")
    found = of_cluster(Authority(external_signer_root=root.pem + other.pem))
    assert (found.signer, found.external) == (root.certificate, True)
    own = of_cluster(Authority(root_cert=root.pem + other.pem))
    assert (own.signer, own.roots, own.external) == (root.certificate, (root.certificate, other.certificate), False)
    assert own.since == root.certificate.not_valid_before_utc
