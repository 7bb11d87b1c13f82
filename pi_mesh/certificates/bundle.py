"""The files of a CA in a Secret: those that are read, and the four of `cacerts` with which istiod signs, verified."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pi_mesh.certificates import chains, pem
from pi_mesh.certificates.chains import verify_chain
from pi_mesh.certificates.pem import CertificateError, Certificates


@dataclass(frozen=True)
class SigningFiles:
    """PEM texts of the chain, the CA first and the root last, and of its key."""

    chain: str
    key: str = field(repr=False)
    further_roots: tuple[str, ...] = ()


def signing_files(files: Mapping[str, str], where: str) -> SigningFiles:
    """Return the CA in a Secret's files, by Istio's file names. Raises CertificateError if a file is missing."""
    for name in ("ca-cert.pem", "ca-key.pem"):
        if not files.get(name, "").strip():
            raise CertificateError(f"{where}: has neither {name} nor the keys of a Secret of type kubernetes.io/tls")
    path = [*pem.certificates(files["ca-cert.pem"], where)]
    path += [signer for signer in _optional(files, "cert-chain.pem", where) if signer not in path]
    roots = _optional(files, "root-cert.pem", where)
    *_, last = path
    if not pem.issued(last, last) and (root := next((known for known in roots if pem.issued(last, known)), None)):
        path.append(root)
    further = tuple(pem.text((other,)) for other in roots if other not in path)
    return SigningFiles(pem.text(tuple(path)), files["ca-key.pem"], further)


def _optional(files: Mapping[str, str], name: str, where: str) -> pem.Certificates:
    text = files.get(name, "")
    return pem.certificates(text, f"{where}: {name}") if text.strip() else ()


CACERTS = "cacerts"
"""Name of the Secret; istiod mounts no other."""


@dataclass(frozen=True)
class Bundle:
    """A CA certificate with its key, its chain without the root, and all roots that the mesh trusts."""

    ca_cert: str
    ca_key: str = field(repr=False)
    cert_chain: str
    root_cert: str

    def files(self) -> dict[str, str]:
        """Return the Secret's content by file name."""
        # https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/
        return {
            "ca-cert.pem": self.ca_cert,
            "ca-key.pem": self.ca_key,
            "cert-chain.pem": self.cert_chain,
            "root-cert.pem": self.root_cert,
        }


def verified_bundle(
    chain: str, key: str, also_trust: Iterable[str], now: datetime, where: str = "vault", bounded: bool = True
) -> Bundle:
    """Return the verified bundle of a chain (CA certificate first, root last) and its key. Raises CertificateError.

    `also_trust` has PEM texts of further roots. `where` begins every message. `bounded` is as for `verify_chain`.
    """
    several = verified_chain(chain, now, where, bounded)
    (ca, *_), (*below, root) = several, several
    signing_key = pem.private_key(key, f"{where}: key")
    if signing_key.public_key() != ca.public_key():
        raise CertificateError(f"{where}: the key does not belong to the certificate {pem.title(ca)}")
    return Bundle(
        ca_cert=pem.text((ca,)),
        ca_key=signing_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode(),
        cert_chain=pem.text(tuple(below)),
        root_cert=pem.text(_roots(root, also_trust, where)),
    )


def verified_chain(chain: str, now: datetime, where: str = "vault", bounded: bool = True) -> Certificates:
    """Return the verified chain, the CA's certificate first and the root last. Raises CertificateError."""
    several = _without_repeats(pem.certificates(chain, f"{where}: chain"))
    verify_chain(several, now, where, bounded)
    ca, *_ = several
    if (judged := chains.ca_expiry(ca, now)).level == "error":
        raise CertificateError(f"{where}: {judged.message}; run rotate-ca")
    return several


def _roots(root: pem.x509.Certificate, also_trust: Iterable[str], where: str) -> Certificates:
    further = [extra for text in also_trust for extra in pem.certificates(text, f"{where}.alsoTrust")]
    for extra in further:
        if not pem.issued(extra, extra):
            raise CertificateError(f"{where}.alsoTrust: {pem.title(extra)} is not self-signed; only roots are trusted")
    # Sorted by fingerprint, so that the file stays the same while the mesh changes from one of the roots to another.
    return tuple(sorted(_without_repeats((root, *further)), key=pem.fingerprint))


def _without_repeats(several: Certificates) -> Certificates:
    """Return the chain without repeated certificates: Vault 1.12 and newer repeat the certificate at its beginning."""
    return tuple(dict.fromkeys(several))
