"""The titles of certificates in messages."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from pi_mesh.certificates import pem
from tests.support.authorities import make_root


@pytest.mark.parametrize(
    ("names", "title"),
    [
        ([x509.NameAttribute(NameOID.COMMON_NAME, "mesh"), x509.NameAttribute(NameOID.COMMON_NAME, "other")], "mesh"),
        ([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "pi")], "O=pi"),
        ([], "no name"),
    ],
    ids=["common names", "another name", "none"],
)
def test_a_certificate_is_called_by_its_first_common_name_else_by_all_its_names(names, title):
    root, subject = make_root("root"), x509.Name(names)
    builder = x509.CertificateBuilder(subject, subject, root.certificate.public_key(), 7)
    builder = builder.not_valid_before(root.certificate.not_valid_before_utc)
    certificate = builder.not_valid_after(root.certificate.not_valid_after_utc).sign(root.private_key, hashes.SHA256())
    assert pem.title(certificate) == f"'{title}' ({pem.fingerprint(certificate)[:12]})"
