"""The hosts that a server's certificate is for."""

from collections.abc import Sequence

from cryptography.x509 import Certificate, DNSName, ExtensionNotFound, SubjectAlternativeName


def names(certificate: Certificate) -> list[str]:
    """Return the DNS names of a certificate; clients ignore its common name."""
    try:
        found = certificate.extensions.get_extension_for_class(SubjectAlternativeName)
    except ExtensionNotFound:
        return []
    return [name.lower() for name in found.value.get_values_for_type(DNSName)]


def covers(names: Sequence[str], host: str) -> bool:
    """Return True if one of the names is the host, or a `*.` before the host's own domain (RFC 6125)."""
    return any(name in (host, f"*.{host.partition('.')[2]}") for name in names)
