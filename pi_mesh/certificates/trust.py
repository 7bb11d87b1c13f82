"""The roots that the mesh trusts, and the changes of them that its workloads survive.

A new root comes in three steps: first every workload learns to trust it (A, then A+B), then it signs (still A+B), and
once no certificate of the old root is left, the old root goes (B). Skipping a step cuts workloads with an old
certificate off from those with a new one. Source: Istio's own test, tests/integration/security/cacert_rotation.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cryptography.x509 import Certificate

from pi_mesh.catalog.istio import CERTIFICATE_LIFETIME
from pi_mesh.certificates import pem
from pi_mesh.certificates.pem import Certificates


@dataclass(frozen=True)
class Trust:
    """The root that the mesh's certificates chain to, the roots that the mesh trusts, and since when."""

    signer: Certificate
    roots: Certificates
    since: datetime
    external: bool = True
    """False if istiod made its own root."""
    longest_lifetime: timedelta = CERTIFICATE_LIFETIME
    """Longest lifetime that a running proxy requests for its certificate; another setting reaches new pods only."""

    def roots_left(self, also: Certificates) -> Certificates:
        """Return the roots that are still to be trusted no more, where the new root signs.

        `also`: the stack file's further roots. Left are the roots that it does not name, and those that step 2 wrote
        behind the new root. A root in front of the new root was there before the change: it is another mesh's.
        """
        behind = also[also.index(self.signer) + 1 :] if self.signer in also else ()
        unnamed = tuple(root for root in self.roots if root not in also)
        left = (*unnamed, *behind) or (also if self.signer in also else ())
        return tuple(dict.fromkeys(root for root in left if root != self.signer))


@dataclass(frozen=True)
class Change:
    """A change of the mesh's trust, with one line about it for the preview."""

    level: Literal["none", "announced", "refused"]
    message: str = ""
    dropped: Certificates = ()
    """Roots that are no longer trusted; time alone refuses them, if it is not known who holds their certificates."""


def of_bundle(ca_cert: str, cert_chain: str, root_cert: str) -> Trust:
    """Return the trust of a Secret `cacerts`. Raises CertificateError if its files do not belong together."""
    roots = pem.certificates(root_cert, "root-cert.pem")
    certificate, *_ = pem.certificates(ca_cert, "ca-cert.pem")
    *_, top = pem.certificates(cert_chain, "cert-chain.pem") if cert_chain.strip() else (certificate,)
    for root in roots:
        if pem.issued(top, root):
            return Trust(root, roots, certificate.not_valid_before_utc)
    raise pem.CertificateError(f"cacerts: none of the roots in root-cert.pem signed {pem.title(top)}")


def with_root(root_cert: str, also_trust: Iterable[str]) -> Trust:
    """Return the trust of a CA that `root_cert` (PEM) is about to sign. Raises CertificateError."""
    signer, *_ = pem.certificates(root_cert, "root")
    further = (certificate for text in also_trust for certificate in pem.certificates(text, "vault.alsoTrust"))
    return Trust(signer, (signer, *further), signer.not_valid_before_utc)


def change(live: Trust | None, new: Trust | None, now: datetime, certificate_lifetime: timedelta) -> Change:
    """Classify the change from `live` to `new`; None is a mesh that does not exist yet, or istiod's own future root.

    `certificate_lifetime` is what new proxies request. A certificate of the old root may be in use for that time, or
    for the lifetime that running proxies request if it is longer.
    """
    if live is None:
        return Change("none")
    if new is None:
        step = f"from {pem.title(live.signer)} to one that istiod makes itself"
        return Change("announced", f"the mesh's root changes {step}: {_RESTART}") if live.external else Change("none")
    if not live.external:
        step = f"from istiod's own {pem.title(live.signer)} to {pem.title(new.signer)}"
        is_known = _among(live.signer, new.roots)
        return Change("none") if is_known else Change("announced", f"the mesh's root changes {step}: {_RESTART}")
    if live.signer == new.signer and set(live.roots) == set(new.roots):
        return Change("none")
    if refusal := _refusal(live, new):
        return Change("refused", refusal)
    dropped = tuple(root for root in live.roots if not _among(root, new.roots))
    until = live.since + max(certificate_lifetime, live.longest_lifetime)
    if dropped and now < until:
        held = f"certificates of {', '.join(map(pem.title, dropped))} until {until:%Y-%m-%d %H:%M} UTC"
        return Change("refused", f"workloads may hold {held}; keep it in vault.alsoTrust until then", dropped)
    return Change("announced", f"the mesh's trust changes: {_described(live)} -> {_described(new)}", dropped)


def _refusal(live: Trust, new: Trust) -> str | None:
    steps = "`python -m operations rotate-ca --root` makes the change in steps (docs/vault.md, Another root)"
    if not _among(new.signer, live.roots):
        return (
            f"the mesh's root would change in one step from {pem.title(live.signer)} to {pem.title(new.signer)}, which "
            f"no workload trusts yet: if Vault was wiped or replaced, restore the right one; else {steps}"
        )
    if not _among(live.signer, new.roots):
        return f"{pem.title(live.signer)} still signs and can't be dropped from the trusted roots: {steps}"
    return None


def _among(root: Certificate, roots: Certificates) -> bool:
    """Return True if certificates of the root verify by one of the roots: the same, or a renewal with the same key."""
    key = root.public_key()
    return any(root.subject == known.subject and key == known.public_key() for known in roots)


def _described(trust: Trust) -> str:
    return f"signed by {pem.title(trust.signer)}, trusted {', '.join(map(pem.title, trust.roots))}"


_RESTART = "istiod restarts; then restart every workload with a sidecar, or wait until its certificate is renewed"
