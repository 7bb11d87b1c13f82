"""Chains of CA certificates: order, signatures, dates, path lengths and remaining lifetime, up to the root."""

from collections.abc import Iterable, Iterator, Sequence
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
    """Return True if each certificate of a chain is signed by the next, and the last by one of the roots."""
    # Roots in the chain itself prove nothing, and are left out.
    path = [certificate for certificate in chain if not issued(certificate, certificate)]
    is_chain = bool(path) and all(issued(*pair) for pair in pairwise(path))
    return is_chain and any(issued(path[-1], root) for root in roots)


TOO_LATE = timedelta(days=7)
"""Remaining time below which the mesh may stop before somebody looks: workloads' certificates end with their CA's."""


@dataclass(frozen=True)
class Expiry:
    """A judgement of a certificate's remaining lifetime; `left` is negative once it has expired."""

    level: Literal["ok", "warning", "error"]
    left: timedelta
    message: str


def ca_expiry(certificate: Certificate, now: datetime) -> Expiry:
    """Judge a certificate: a warning below a third of its lifetime, an error below seven days."""
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
    _require(chain, now, where)
    signing, *signers = chain
    own = _path_length(signing)
    if signers and own != 0 and (bounded or own is not None):
        raise CertificateError(f"{where}: {title(signing)} may sign further CAs; sign it with path length 0")


def _require(chain: Certificates, now: datetime, where: str, below_first: int = 0) -> None:
    if problem := next(_problems(chain, now, below_first), ""):
        raise CertificateError(f"{where}: {problem}")


def _problems(chain: Certificates, now: datetime, below_first: int) -> Iterator[str]:
    """Yield what is wrong with a chain; `below_first` CA certificates are below its first."""
    for certificate in chain:
        constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
        start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
            yield f"{title(certificate)} is not a CA certificate; it may not sign others"
        if now > end:
            yield f"{title(certificate)} expired on {end:%Y-%m-%d %H:%M} UTC"
        if now < start:
            yield f"{title(certificate)} is valid only from {start:%Y-%m-%d %H:%M} UTC; check the clocks"
    for below, above in pairwise(chain):
        order, end = "the signing CA comes first, then each signer", above.not_valid_after_utc
        if not issued(below, above):
            yield f"{title(below)} is not signed by {title(above)}, which follows it: {order}"
        if below.not_valid_after_utc > end:
            ends = f"which ends {end:%Y-%m-%d %H:%M} UTC; lower vault.ttl, or ca.issuer.ttl"
            yield f"{title(below)} outlives its signer {title(above)}, {ends}"
    *_, root = chain
    if not issued(root, root):
        yield f"the chain ends at {title(root)}, which is not a root; add its signers"
    for below, certificate in enumerate(chain, start=below_first):
        allowed = _path_length(certificate)
        if allowed is not None and below > allowed:
            yield f"{title(certificate)} allows {allowed} CA certificates below it, but there are {below}"


def _path_length(certificate: Certificate) -> int | None:
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints.path_length if constraints else None


def up_to_root(text: str, mount: str) -> Certificates:
    """Return the first certificate of a mount's PEM text, then each signer, the root last. Raises CertificateError."""
    where = f"vault.rootMount {mount}"
    known = pem.certificates(text, where)
    first, *_ = known
    chain = [first]
    while not issued(chain[-1], chain[-1]):
        above = next((signer for signer in known if signer not in chain and issued(chain[-1], signer)), None)
        if above is None:
            raise CertificateError(
                f"{where}: the chain of {title(first)} has no root: it ends at {title(chain[-1])}, whose signer "
                "Vault does not know; have its owner import the root's certificate there: "
                f"`vault write {mount}/issuers/import/cert pem_bundle=@root.pem`"
            )
        chain.append(above)
    return tuple(chain)


def require_room(chain: Certificates, life: timedelta, now: datetime, where: str) -> None:
    """Verify the signers of a new CA, its own first, and refuse a CA that outlives one. Raises CertificateError."""
    # Vault before 1.17 lets a certificate outlive its signer; later versions shorten it silently.
    _require(chain, now, where, below_first=1)
    first = min(chain, key=lambda certificate: certificate.not_valid_after_utc)
    left = first.not_valid_after_utc - now
    if life > left:
        raise CertificateError(
            f"vault.ttl {life // timedelta(hours=1)}h would outlive its signer {title(first)}, which ends "
            f"{first.not_valid_after_utc:%Y-%m-%d %H:%M} UTC: at most {left // timedelta(hours=1)}h"
        )
