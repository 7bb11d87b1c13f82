"""Certificate authorities made for tests."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Authority:
    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key(self) -> str:
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def make_ca(
    name: str,
    signer: Authority | None = None,
    *,
    start: timedelta = -timedelta(days=1),
    days: float = 300,
    path_length: int | None = 0,
    ca: bool = True,
    signs: bool | None = None,
) -> Authority:
    """Return a CA that is valid for `days` from `start` on (relative to now); without a signer it is a root.

    `signs` gives it a key usage that has the right to sign certificates, or only others.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    constraints = x509.BasicConstraints(ca=ca, path_length=path_length if ca else None)
    built = _unsigned(subject, key.public_key(), NOW + start, days).add_extension(constraints, critical=True)
    if signs is not None:
        built = built.add_extension(_usage(signs=signs), critical=True)
    issued = built.issuer_name(signer.certificate.subject if signer else subject)
    return Authority(issued.sign(signer.private_key if signer else key, hashes.SHA256()), key)


def _usage(*, signs: bool) -> x509.KeyUsage:
    rights = "content_commitment key_encipherment data_encipherment key_agreement encipher_only decipher_only"
    others = dict.fromkeys(rights.split(), False)
    return x509.KeyUsage(digital_signature=True, key_cert_sign=signs, crl_sign=signs, **others)


def make_server(
    *hosts: str, signer: Authority | None = None, start: timedelta = -timedelta(days=1), days: float = 90
) -> Authority:
    """Return a server's certificate for these hosts; without a signer it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0] if hosts else "server")])
    built = _unsigned(subject, key.public_key(), NOW + start, days)
    if hosts:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
    issued = built.issuer_name(signer.certificate.subject if signer else subject)
    return Authority(issued.sign(signer.private_key if signer else key, hashes.SHA256()), key)


def make_root(name: str = "root", days: float = 3650) -> Authority:
    return make_ca(name, days=days, path_length=None)


def renew(root: Authority, days: float) -> Authority:
    """Return the same root with the same key, in a new certificate."""
    name, key = root.certificate.subject, root.private_key
    built = _unsigned(name, key.public_key(), NOW - timedelta(days=1), days).issuer_name(name)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Authority(built.sign(key, hashes.SHA256()), key)


def sign_request(request: str, signer: Authority, days: float = 300, path_length: int = 0) -> str:
    """Return the certificate (PEM) of a CA for a signing request (PEM), by default one without further CAs below it."""
    asked = x509.load_pem_x509_csr(request.encode())
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    key = asked.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    built = _unsigned(asked.subject, key, NOW - timedelta(hours=1), days).add_extension(constraints, critical=True)
    issued = built.issuer_name(signer.certificate.subject).sign(signer.private_key, hashes.SHA256())
    return issued.public_bytes(Encoding.PEM).decode()


def _unsigned(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, begin: datetime, days: float
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
    )
