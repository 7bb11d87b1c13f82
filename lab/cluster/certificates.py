"""The lab's certificate authority, which is created and removed with every lab, and the kubeconfigs of its clients."""

import base64
import ipaddress
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lab.cluster import names
from lab.cluster.names import AUTHORITY, CONTEXT, certificate_file, key_file, kubeconfig_file

LIFE = timedelta(days=365)


def create_authority() -> None:
    """Create the authority that signs everything else."""
    names.PKI.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject("pi-lab", "")
    builder = _builder(subject, subject, key).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    _write(AUTHORITY, key, builder.sign(key, hashes.SHA256()))


def create_key(name: str) -> None:
    """Create a key pair: NAME.key and its public half as NAME.crt (API servers read it under either form)."""
    key = ec.generate_private_key(ec.SECP256R1())
    _write_private(name, key)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    certificate_file(name).write_bytes(public)


def issue(name: str, common_name: str, organization: str = "", hosts: Sequence[str] = ()) -> None:
    """Create a key and a certificate for a client, and for a server of these hosts (names or addresses)."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority = x509.load_pem_x509_certificate(certificate_file(AUTHORITY).read_bytes())
    signer = serialization.load_pem_private_key(key_file(AUTHORITY).read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)  # create_authority wrote one
    builder = _builder(_subject(common_name, organization), authority.subject, key)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), False)
    _write(name, key, builder.sign(signer, hashes.SHA256()))


def write_kubeconfig(file: Path, server: str, identity: str) -> Path:
    """Write a kubeconfig for `server` (a URL) with the certificate called `identity`. Only root reads it."""
    user = {
        "client-certificate-data": _encoded(certificate_file(identity)),
        "client-key-data": _encoded(key_file(identity)),
    }
    cluster = {"server": server, "certificate-authority-data": _encoded(certificate_file(AUTHORITY))}
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": identity, "user": user}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": identity}}],
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(content, indent=1))
    return file


def write_component_kubeconfig(name: str, server: str) -> Path:
    """Write the kubeconfig of one of the lab's programs, which has the certificate of the same name."""
    return write_kubeconfig(kubeconfig_file(name), server, name)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFE)
    )


def _subject(common_name: str, organization: str) -> x509.Name:
    names = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        names.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(names)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    _write_private(name, key)
    certificate_file(name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _write_private(name: str, key: ec.EllipticCurvePrivateKey) -> None:
    file = key_file(name)
    file.touch(mode=0o600)
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
