"""Verification of a chain of CA certificates: order, signatures, dates and path lengths."""

from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from cryptography import x509

from pi_mesh.certificates.pem import CertificateError, Certificates, issued, title

Extension = TypeVar("Extension", bound=x509.ExtensionType)


def verify(chain: Certificates, now: datetime, where: str, bounded: bool) -> None:
    """Verify a chain, the signing CA first and the root last. Raises CertificateError with the first problem.

    With `bounded` False a CA without a path length is accepted, since cert-manager's Certificate has no field for one
    (pkg/util/pki/certificatetemplate.go, "if we add support for maxPathLen").
    """
    _links(chain, now, where)
    _path_lengths_allow(chain, where)
    signing, *signers = chain
    own = _path_length(signing)
    if signers and own != 0 and (bounded or own is not None):
        raise CertificateError(f"{where}: {title(signing)} may sign further CAs; sign it with path length 0")


def verify_signers(chain: Certificates, now: datetime, where: str) -> None:
    """Verify the signers of a CA that does not exist yet, its own signer first. Raises CertificateError."""
    _links(chain, now, where)
    _path_lengths_allow(chain, where, below_first=1)


def _links(chain: Certificates, now: datetime, where: str) -> None:
    for certificate in chain:
        _is_ca(certificate, where)
        _is_valid(certificate, now, where)
    for below, above in pairwise(chain):
        _is_issued(below, above, where)
    *_, root = chain
    if not issued(root, root):
        raise CertificateError(f"{where}: the chain ends at {title(root)}, which is not a root; add its signers")


def _is_ca(certificate: x509.Certificate, where: str) -> None:
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        raise CertificateError(f"{where}: {title(certificate)} is not a CA certificate; it may not sign others")


def _is_valid(certificate: x509.Certificate, now: datetime, where: str) -> None:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > end:
        raise CertificateError(f"{where}: {title(certificate)} expired on {end:%Y-%m-%d %H:%M} UTC")
    if now < start:
        raise CertificateError(
            f"{where}: {title(certificate)} is valid only from {start:%Y-%m-%d %H:%M} UTC; check the clocks"
        )


def _is_issued(below: x509.Certificate, above: x509.Certificate, where: str) -> None:
    if not issued(below, above):
        raise CertificateError(
            f"{where}: {title(below)} is not signed by {title(above)}, which follows it: "
            "the signing CA comes first, then each signer"
        )
    if below.not_valid_after_utc > above.not_valid_after_utc:
        raise CertificateError(
            f"{where}: {title(below)} outlives its signer {title(above)}, which ends "
            f"{above.not_valid_after_utc:%Y-%m-%d %H:%M} UTC; lower vault.ttl, or ca.issuer.ttl"
        )


def _path_lengths_allow(chain: Certificates, where: str, below_first: int = 0) -> None:
    for below, certificate in enumerate(chain, start=below_first):
        allowed = _path_length(certificate)
        if allowed is not None and below > allowed:
            raise CertificateError(
                f"{where}: {title(certificate)} allows {allowed} CA certificates below it, but there are {below}"
            )


def _path_length(certificate: x509.Certificate) -> int | None:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints.path_length if constraints else None


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
