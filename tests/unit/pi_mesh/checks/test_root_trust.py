"""The mesh's trust as it is read from the cluster, and the change of its root."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock

import pytest

from pi_mesh.certificates.pem import CertificateError
from pi_mesh.certificates.trust import Trust
from pi_mesh.checks import root_trust
from pi_mesh.checks.root_trust import LostCa, RootUse, check_change, mesh_trust
from pi_mesh.cluster import certificates_in_use, mesh_ca
from pi_mesh.cluster.certificates_in_use import ProxyTrust
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.vault import VaultError
from tests.support.authorities import NOW, make_ca, make_root
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.vault_server import vault_server

A, B = make_root("A"), make_root("B")
BOTH, ROOTS = (A.certificate, B.certificate), A.pem + B.pem
LIVE, B_ALONE = Trust(B.certificate, BOTH, NOW), Trust(B.certificate, BOTH[1:], NOW)
CA_A, CA_B = make_ca("CA A", A), make_ca("CA B", B)
OF_A = (make_ca("leaf", CA_A, ca=False).certificate, CA_A.certificate)
OF_B = (make_ca("leaf", CA_B, ca=False).certificate, CA_B.certificate)
OLD = ProxyTrust("trading/old", roots=(A.certificate,), chain=OF_A)
NEW = ProxyTrust("trading/new", roots=BOTH, chain=OF_B)
POD = "istiod-1"
SILENT = ProxyTrust("trading/silent", problem="no answer")
ROOT = make_root()
OURS, OTHER = (make_ca(name, ROOT).pem for name in ("Istio Intermediate CA", "Another CA"))


@table(
    case("a cacerts Secret with a root alone", Authority(A.pem, {"root-cert.pem": A.pem}), BOTH[:1], False),
    case("the root of an external signer", Authority(external_signer_root=ROOTS), BOTH, True),
    case("istiod's own", Authority(root_cert=ROOTS), BOTH, False),
)
def test_the_first_of_the_roots_signs(authority, roots, external):
    trust = mesh_trust(replace(authority, longest_lifetime=timedelta(days=3)))
    assert trust
    assert (trust.signer, trust.roots, trust.external) == (A.certificate, roots, external)
    assert trust.since == A.certificate.not_valid_before_utc
    assert trust.longest_lifetime == timedelta(days=3)


def test_a_cacerts_secret_without_a_root_is_refused_in_one_line():
    with pytest.raises(CertificateError, match=r"cacerts has no root-cert\.pem"):
        mesh_trust(Authority(A.pem, {"ca-cert.pem": A.pem}))


def dropped(holders: list[str] | None, days: int = 0) -> list[str]:
    """Return the log of a change that drops root A, after so many days, while these hold a certificate of it."""
    lines: list[str] = []
    check_change(replace(LIVE, since=NOW - timedelta(days=days)), B_ALONE, "1h", lines.append, lambda _: holders)
    return lines


@table(
    case("no proxy holds a certificate of it", [], 0, "'A', no proxy holds a certificate of it"),
    case("nobody knows, and time is up", None, 9, "the mesh's trust changes"),
)
def test_a_root_that_is_no_longer_needed_goes(holders, days, words):
    (line,) = dropped(holders, days)
    assert all(word in line for word in words.split(", "))


@table(
    case("a pod holds one of it", ["pod trading/old"], 0, "pod trading/old still holds a certificate of another root"),
    case("whatever the time", ["pod trading/old"], 9, "pod trading/old still holds a certificate of another root"),
    case("many do", [f"pod {number}" for number in range(8)], 0, "pod 4 and 3 more still hold"),
    case("nobody knows, and time decides", None, 0, r"keep it in vault\.alsoTrust until then"),
)
def test_a_root_that_may_still_be_needed_stays(holders, days, words):
    with pytest.raises(CertificateError, match=words):
        dropped(holders, days)


def test_proxies_are_sorted_by_whom_they_trust_and_what_they_hold():
    use = RootUse((OLD, NEW, SILENT), {})
    assert use.not_trusting(BOTH) == [OLD]
    assert use.not_resting_on(B.certificate) == [OLD]
    assert use.silent() == [SILENT]
    assert use.trusting(B.certificate) == [NEW]


def test_istiods_own_certificate_counts_by_the_ca_that_signed_it():
    use = RootUse((), {"istiod-1": OF_A[0], "istiod-2": OF_B[0]}, (CA_A.certificate, CA_B.certificate))
    assert use.istiods_not_resting_on(B.certificate) == ["istiod-1"]


@table(
    case("nobody holds a certificate of the old root", (NEW,), {POD: OF_B[0]}, []),
    case("a proxy and istiod's pod do", (OLD, NEW), {POD: OF_A[0]}, ["pod trading/old", "istiod's pod istiod-1"]),
    case("one does and another is silent", (OLD, SILENT), {POD: OF_B[0]}, ["pod trading/old"]),
    case("a proxy is silent", (NEW, SILENT), {POD: OF_B[0]}, None),
    case("istiod is silent", (NEW,), ClusterUnreachable("no answer"), None),
)
def test_the_holders_of_certificates_under_another_root_are_named(monkeypatch, proxies, istiod, holders):
    live = Authority(cacerts={"ca-cert.pem": CA_B.pem, "root-cert.pem": ROOTS})
    monkeypatch.setattr(mesh_ca, "read_authority", lambda *_: live)
    monkeypatch.setattr(certificates_in_use, "read_istiods", Mock(side_effect=[istiod]))
    monkeypatch.setattr(certificates_in_use, "read_proxies", lambda _: list(proxies))
    assert root_trust.holders_of_others("test", "istio-system", B.certificate) == holders


def lost_ca(there: str | None, *ours: str, status: int = 200) -> LostCa | None:
    """Ask a Vault with this CA at the mount."""
    with vault_server(own=there, own_status=status) as address:
        return root_trust.lost_ca(ours, make_settings(vault={"enabled": True, "address": address}).vault)


@pytest.mark.parametrize(("there", "ours"), [(OURS, (OTHER, OURS + ROOT.pem)), ("", ())], ids=["made", "to be signed"])
def test_a_ca_that_the_stack_made_or_that_is_yet_to_be_signed_is_not_lost(there, ours):
    assert lost_ca(there, *ours) is None


@table(
    case("no mount", None, "nothing is mounted there"),
    case("no CA", "", "the mount holds no CA"),
    case("another CA", OTHER, "the mount holds 'Another CA'"),
)
def test_a_ca_is_lost_where_the_mount_has_another_or_none(there, words):
    lost = lost_ca(there, OURS)
    assert lost
    assert (lost.mount, lost.has_mount) == ("pki_int", there is not None)
    assert lost.found.startswith(words)


def test_a_vault_that_does_not_tell_is_no_vault_that_has_lost_it():
    with pytest.raises(VaultError, match="is sealed"):
        lost_ca("", OURS, status=503)
