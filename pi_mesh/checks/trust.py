"""A change of the mesh's root certificate must not cut workloads off from each other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from cryptography.x509 import Certificate

from pi_mesh.certificates import pem, trust
from pi_mesh.certificates.pem import CertificateError, Certificates
from pi_mesh.certificates.trust import Change, Trust
from pi_mesh.cluster.authority import Authority
from pi_mesh.counts import agreeing, first_of
from pi_mesh.settings.mtls import duration

SHOWN = 5
"""Largest number of pods in a message."""


def of_cluster(authority: Authority) -> Trust | None:
    """Return the mesh's trust; None if no istiod has run yet.

    Raises CertificateError if istiod could not sign with the Secret `cacerts`.
    """
    found = _of_cluster(authority)
    return replace(found, longest_lifetime=authority.longest_lifetime) if found else None


def _of_cluster(authority: Authority) -> Trust | None:
    if "ca-cert.pem" in authority.cacerts:  # with a root alone istiod makes its own
        files = authority.cacerts
        if "root-cert.pem" not in files:
            raise CertificateError(
                "secret cacerts has no root-cert.pem, without which istiod can't sign: add the root's certificate"
            )
        return trust.of_bundle(files["ca-cert.pem"], files.get("cert-chain.pem", ""), files["root-cert.pem"])
    if authority.external_signer_root:
        return _of_roots(pem.certificates(authority.external_signer_root, "the mesh's root"), external=True)
    if not authority.root_cert:
        return None
    return _of_roots(pem.certificates(authority.root_cert, "istio-ca-root-cert"), external=False)


def _of_roots(roots: Certificates, external: bool) -> Trust:
    signer, *_ = roots
    return Trust(signer, roots, signer.not_valid_before_utc, external)


def check_change(
    live: Trust | None,
    new: Trust | None,
    certificate_lifetime: str,
    log: Callable[[str], None],
    holders: Callable[[Certificate], list[str] | None] = lambda _: None,
) -> None:
    """Log a change of the mesh's trust. Raises CertificateError if it would cut workloads off.

    `holders` returns the holders of certificates from other roots than the given one. If it returns None, because not
    all could be asked, time alone decides.
    """
    change: Change = trust.change(live, new, datetime.now(UTC), duration(certificate_lifetime))
    if change.dropped and new and (held := holders(new.signer)) is not None:
        change = _by_holders(change, held)
    if change.level == "refused":
        raise CertificateError(f"vault: {change.message}; nothing was touched")
    if change.level == "announced":
        log(f"vault: {change.message}")


def _by_holders(change: Change, held: list[str]) -> Change:
    dropped = ", ".join(map(pem.title, change.dropped))
    if not held:
        return Change("announced", f"{dropped} is no longer trusted: no proxy holds a certificate of it")
    holders = f"{first_of(held, SHOWN)} still {agreeing(len(held), 'holds', 'hold')}"
    message = f"{dropped} can't be dropped yet: {holders} a certificate of another root"
    return Change("refused", f"{message}; keep it in alsoTrust until they have renewed theirs, or restart them")
