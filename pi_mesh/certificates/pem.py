"""Conversion between PEM text and certificates or keys, and what a certificate says."""

from collections.abc import Sequence
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

Certificates = tuple[x509.Certificate, ...]


class CertificateError(ValueError):
    """Certificates that must not be used. The message is one line: where, what, why, what to do."""


def certificates(text: str, where: str) -> Certificates:
    """Return all certificates of a PEM text, in order. Raises CertificateError if one is broken or there is none."""
    try:
        return tuple(x509.load_pem_x509_certificates(text.encode()))
    except ValueError as error:
        raise CertificateError(f"{where}: is not a certificate in PEM form: {error}") from None


def private_key(text: str, where: str) -> PrivateKeyTypes:
    """Return the key of a PEM text. Raises CertificateError, whose message contains nothing of the key."""
    try:
        return load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError):
        raise CertificateError(f"{where}: is not an unencrypted private key in PEM form") from None


def text(several: Certificates) -> str:
    """Return the PEM text of certificates, with plain line ends."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in several)


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def title(certificate: x509.Certificate) -> str:
    """Return a certificate's title for messages: its common name and the beginning of its fingerprint."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = names[0].value if names else certificate.subject.rfc4514_string() or "no name"
    return f"'{name}' ({fingerprint(certificate)[:12]})"


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return True if `issuer` signed `certificate`: names and signature agree."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # the library raises different errors for another name, another key type and a wrong signature
        return False
    return True


Extension = TypeVar("Extension", bound=x509.ExtensionType)


def extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    """Return the extension of a class; None if the certificate does not have it."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def host_names(certificate: x509.Certificate) -> list[str]:
    """Return the DNS names of a certificate; clients ignore its common name."""
    names = extension(certificate, x509.SubjectAlternativeName)
    return [name.lower() for name in names.get_values_for_type(x509.DNSName)] if names else []


def covers_host(names: Sequence[str], host: str) -> bool:
    """Return True if one of the names is the host, or a `*.` before the host's own domain (RFC 6125)."""
    return any(name in (host, f"*.{host.partition('.')[2]}") for name in names)
