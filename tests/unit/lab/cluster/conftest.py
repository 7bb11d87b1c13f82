"""A certificate authority for the unit tests of the lab's cluster."""

import pytest
from cryptography import x509

from lab.cluster import certificates, names


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """Return a certificate authority in a folder of its own."""
    monkeypatch.setattr(names, "PKI", tmp_path / "pki")
    certificates.create_authority()
    return x509.load_pem_x509_certificate(names.certificate_file("ca").read_bytes())
