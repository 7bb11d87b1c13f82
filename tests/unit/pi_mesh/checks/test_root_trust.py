"""The mesh's trust as it is read from the cluster."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pi_mesh.certificates.pem import CertificateError
from pi_mesh.certificates.trust import Trust
from pi_mesh.checks import root_trust
from pi_mesh.checks.root_trust import RootUse, check_change, mesh_trust
from pi_mesh.cluster import certificates_in_use, mesh_ca
from pi_mesh.cluster.certificates_in_use import ProxyTrust
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.mesh_ca import Authority
from tests.support.authorities import NOW, make_ca, make_root

ROOT = make_root().pem


def test_a_cacerts_secret_with_a_root_alone_is_no_traceback():
    try:
        found = mesh_trust(Authority(ROOT, {"root-cert.pem": ROOT}))
    except KeyError as error:
        pytest.fail(f"a traceback: {error!r}")
    assert found
    assert not found.external


def test_a_cacerts_secret_without_a_root_is_refused_in_one_line():
    with pytest.raises(CertificateError, match=r"cacerts has no root-cert\.pem"):
        mesh_trust(Authority(ROOT, {"ca-cert.pem": ROOT}))


def test_the_lifetimes_of_running_proxies_go_along():
    found = mesh_trust(Authority(ROOT, longest_lifetime=timedelta(days=3)))
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
    found = mesh_trust(Authority(external_signer_root=root.pem + other.pem))
    assert (found.signer, found.external) == (root.certificate, True)
    own = mesh_trust(Authority(root_cert=root.pem + other.pem))
    assert (own.signer, own.roots, own.external) == (root.certificate, (root.certificate, other.certificate), False)
    assert own.since == root.certificate.not_valid_before_utc


CA_A, CA_B = make_ca("CA A", A), make_ca("CA B", B)
OF_A = (make_ca("leaf", CA_A, ca=False).certificate, CA_A.certificate)
OF_B = (make_ca("leaf", CA_B, ca=False).certificate, CA_B.certificate)
BOTH = (A.certificate, B.certificate)
OLD = ProxyTrust("trading/old", roots=(A.certificate,), chain=OF_A)
NEW = ProxyTrust("trading/new", roots=BOTH, chain=OF_B)
SILENT = ProxyTrust("trading/silent", problem="no answer")


def test_proxies_are_sorted_by_whom_they_trust_and_what_they_hold():
    use = RootUse((OLD, NEW, SILENT), {})
    assert use.not_trusting(BOTH) == [OLD]
    assert use.not_resting_on(B.certificate) == [OLD]
    assert use.silent() == [SILENT]
    assert use.trusting(B.certificate) == [NEW]


def test_istiods_own_certificate_counts_by_the_ca_that_signed_it():
    use = RootUse((), {"istiod-1": OF_A[0], "istiod-2": OF_B[0]}, (CA_A.certificate, CA_B.certificate))
    assert use.istiods_not_resting_on(B.certificate) == ["istiod-1"]


@pytest.fixture
def holders(monkeypatch):
    """Return `holders(proxies, istiod)`: the holders of a certificate under another root than B."""

    def run(*proxies: ProxyTrust, istiod: object = OF_B[0]) -> list[str] | None:
        def served(*_: str) -> dict:
            if isinstance(istiod, Exception):
                raise istiod
            return {"istiod-1": istiod}

        live = Authority(cacerts={"ca-cert.pem": CA_B.pem, "root-cert.pem": A.pem + B.pem})
        monkeypatch.setattr(mesh_ca, "read_authority", lambda *_: live)
        monkeypatch.setattr(certificates_in_use, "read_istiods", served)
        monkeypatch.setattr(certificates_in_use, "read_proxies", lambda _: list(proxies))
        return root_trust.holders_of_others("test", "istio-system", B.certificate)

    return run


def test_nobody_holds_a_certificate_of_the_old_root(holders):
    assert holders(NEW) == []


def test_who_holds_one_is_named_istiods_pods_too(holders):
    assert holders(OLD, NEW, istiod=OF_A[0]) == ["pod trading/old", "istiod's pod istiod-1"]


@pytest.mark.parametrize("istiod", [OF_B[0], ClusterUnreachable("no answer")])
def test_where_not_all_could_be_asked_nothing_is_known(holders, istiod):
    assert holders(NEW, SILENT, istiod=istiod) is None
