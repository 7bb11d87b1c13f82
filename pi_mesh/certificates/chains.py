"""Chains of CA certificates: order, signatures, dates, path lengths and remaining lifetime, up to the root."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from cryptography import x509
from cryptography.x509 import Certificate

from pi_mesh.certificates import pem
from pi_mesh.certificates.pem import CertificateError, Certificates, extension, issued, title


def leads_to_root(certificate: Certificate, root: Certificate, between: Iterable[Certificate] = ()) -> bool:
    """Return True if signatures lead from the certificate to the root, directly or through `between`."""
    rest = {*between}
    while not issued(certificate, root):
        signer = next((known for known in rest if issued(certificate, known)), None)
        if signer is None:
            return False
        rest.remove(signer)
        certificate = signer
    return True


def verifies(chain: Sequence[Certificate], roots: Iterable[Certificate]) -> bool:
    """Return True if each certificate of a chain is signed by the next, and the last by one of the roots.

    Roots in the chain itself prove nothing, and are left out.
    """
    path = [certificate for certificate in chain if not issued(certificate, certificate)]
    return (
        bool(path) and all(issued(*pair) for pair in pairwise(path)) and any(issued(path[-1], root) for root in roots)
    )


TOO_LATE = timedelta(days=7)
"""Remaining time below which the mesh may stop before somebody looks: workloads' certificates end with their CA's."""


@dataclass(frozen=True)
class Expiry:
    """A judgement of a certificate's remaining lifetime; `left` is negative once it has expired."""

    level: Literal["ok", "warning", "error"]
    left: timedelta
    message: str


def ca_expiry(certificate: Certificate, now: datetime) -> Expiry:
    """Judge a certificate: a warning below a third of its lifetime, an error below seven days.

    `now` carries a time zone.
    """
    end, start = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    left = end - now
    ends = f"{title(certificate)} ends {end:%Y-%m-%d %H:%M} UTC"
    if left < TOO_LATE:
        return Expiry("error", left, f"{ends}, in less than 7 days: every certificate of the mesh ends with it")
    if left < (end - start) / 3:
        return Expiry("warning", left, f"{ends}: less than a third of its lifetime is left")
    return Expiry("ok", left, ends)


def verify_chain(chain: Certificates, now: datetime, where: str, bounded: bool) -> None:
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
    constraints = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
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
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints.path_length if constraints else None


def up_to_root(text: str, mount: str) -> Certificates:
    """Return the first certificate of a PEM text, then each signer, the root last.

    Raises CertificateError if the text, which Vault's PKI mount returned, has no root for the certificate.
    """
    where = f"vault.rootMount {mount}"
    known = pem.certificates(text, where)
    first, *_ = known
    chain, last = [first], first
    while not issued(last, last):
        above = next((signer for signer in known if signer not in chain and issued(last, signer)), None)
        if above is None:
            raise CertificateError(
                f"{where}: the chain of {title(first)} has no root: it ends at {title(last)}, whose signer "
                "Vault does not know; have its owner import the root's certificate there: "
                f"`vault write {mount}/issuers/import/cert pem_bundle=@root.pem`"
            )
        chain.append(above)
        last = above
    return tuple(chain)


def require_room(chain: Certificates, life: timedelta, now: datetime, where: str) -> None:
    """Verify the signers of a new CA, its own signer first, and refuse a CA that outlives one. Raises CertificateError.

    Vault before 1.17 lets a certificate outlive its signer; later versions shorten it silently.
    """
    _links(chain, now, where)
    _path_lengths_allow(chain, where, below_first=1)
    first = min(chain, key=lambda certificate: certificate.not_valid_after_utc)
    left = first.not_valid_after_utc - now
    if life > left:
        raise CertificateError(
            f"vault.ttl {life // timedelta(hours=1)}h would outlive its signer {title(first)}, which ends "
            f"{first.not_valid_after_utc:%Y-%m-%d %H:%M} UTC: at most {left // timedelta(hours=1)}h"
        )
