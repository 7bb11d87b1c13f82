"""The lab's certificates: signed by its own authority, with private keys that only root reads."""

import ipaddress
import stat

import pytest
from cryptography import x509

from lab.cluster import certificates, names


def test_a_server_certificate_is_signed_by_the_authority_for_exactly_its_hosts(authority):
    certificates.issue("server", "server", hosts=["127.0.0.1", "kubernetes.default"])
    issued = x509.load_pem_x509_certificate(names.certificate_file("server").read_bytes())
    issued.verify_directly_issued_by(authority)
    hosts = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert hosts.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]
    assert hosts.get_values_for_type(x509.DNSName) == ["kubernetes.default"]


@pytest.mark.usefixtures("authority")
def test_only_root_reads_a_private_key():
    assert stat.S_IMODE(names.key_file("ca").stat().st_mode) == 0o600
