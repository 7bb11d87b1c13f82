"""The roots of the running mesh."""

import pytest

from pi_mesh.checks import root_use
from pi_mesh.checks.root_use import RootUse
from pi_mesh.cluster import authority, istiod_tls, proxy_trust
from pi_mesh.cluster.authority import Authority
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.proxy_trust import ProxyTrust
from tests.support.authorities import make_ca, make_root

A, B = make_root("A"), make_root("B")
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
        monkeypatch.setattr(authority, "read", lambda *_: live)
        monkeypatch.setattr(istiod_tls, "read", served)
        monkeypatch.setattr(proxy_trust, "read", lambda _: list(proxies))
        return root_use.holders_of_others("test", "istio-system", B.certificate)

    return run


def test_nobody_holds_a_certificate_of_the_old_root(holders):
    assert holders(NEW) == []


def test_who_holds_one_is_named_istiods_pods_too(holders):
    assert holders(OLD, NEW, istiod=OF_A[0]) == ["pod trading/old", "istiod's pod istiod-1"]


@pytest.mark.parametrize("istiod", [OF_B[0], ClusterUnreachable("no answer")])
def test_where_not_all_could_be_asked_nothing_is_known(holders, istiod):
    assert holders(NEW, SILENT, istiod=istiod) is None
