"""PEM text to certificates and keys and back; problems name the file or setting that the text came from."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

Certificates = tuple[x509.Certificate, ...]


class CertificateError(ValueError):
    """Certificates that must not be used; one line: where, what, why, what to do."""


def certificates(text: str, where: str) -> Certificates:
    """All certificates of a PEM text, in its order. Raises CertificateError when it holds none, or a broken one."""
    try:
        return tuple(x509.load_pem_x509_certificates(text.encode()))
    except ValueError as error:
        raise CertificateError(f"{where}: is not a certificate in PEM form: {error}") from None


def private_key(text: str, where: str) -> PrivateKeyTypes:
    """The key of a PEM text. Raises CertificateError, whose message has nothing of the key."""
    try:
        return load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError):
        raise CertificateError(f"{where}: is not an unencrypted private key in PEM form") from None


def text(several: Certificates) -> str:
    """PEM text with plain line ends, whatever the source had."""
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in several)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in hex: the same certificate, the same fingerprint."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def title(certificate: x509.Certificate) -> str:
    """How messages call a certificate: its common name and the start of its fingerprint."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = names[0].value if names else certificate.subject.rfc4514_string() or "no name"
    return f"'{name}' ({fingerprint(certificate)[:12]})"


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` signed `certificate`: names and signature agree."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # the library raises several kinds for another name, another key type and a wrong signature
        return False
    return True
