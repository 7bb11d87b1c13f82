"""The titles of certificates in messages."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from pi_mesh.certificates import pem
from pi_mesh.certificates.pem import covers_host, host_names
from tests.support.authorities import make_ca, make_root, make_server
from tests.support.findings import case, table

COVERED = ("shop.example", "api.shop.example", "*.shop.example")


@table(
    case("common names", [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in ("mesh", "other")], "mesh"),
    case("another name", [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "pi")], "O=pi"),
    case("none", [], "no name"),
)
def test_a_certificate_is_called_by_its_first_common_name_else_by_all_its_names(names, title):
    root, subject = make_root("root"), x509.Name(names)
    builder = x509.CertificateBuilder(subject, subject, root.certificate.public_key(), 7)
    builder = builder.not_valid_before(root.certificate.not_valid_before_utc)
    certificate = builder.not_valid_after(root.certificate.not_valid_after_utc).sign(root.private_key, hashes.SHA256())
    assert pem.title(certificate) == f"'{title}' ({pem.fingerprint(certificate)[:12]})"


@pytest.mark.parametrize("host", [*COVERED, "a.api.shop.example", "*.example", "example", "badshop.example"])
def test_a_name_covers_its_host_and_a_wildcard_one_level_below_its_domain(host):
    names = host_names(make_server("shop.example", "*.shop.example").certificate)
    assert covers_host(names, host) is (host in COVERED)


def test_a_common_name_alone_is_no_host_for_todays_clients():
    assert host_names(make_ca("shop.example").certificate) == []
