"""A change of the mesh's root must not cut workloads off from each other: who trusts and uses which root."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain

from cryptography.x509 import Certificate

from pi_mesh.certificates import chains, pem, trust
from pi_mesh.certificates.pem import CertificateError, Certificates
from pi_mesh.certificates.trust import Change, Trust
from pi_mesh.cluster import certificates_in_use, mesh_ca
from pi_mesh.cluster.certificates_in_use import ProxyTrust
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.facts import duration
from pi_mesh.settings.vault import VaultSettings
from pi_mesh.vault import read_own_ca
from pi_mesh.words import agreeing, listed

SHOWN = 5
"""Largest number of pods in a message."""


def mesh_trust(authority: Authority) -> Trust | None:
    """Return the mesh's trust; None before the first istiod. Raises CertificateError if istiod can't use `cacerts`."""
    files, external = authority.cacerts, bool(authority.external_signer_root)
    if "ca-cert.pem" in files:  # with a root alone istiod makes its own
        if "root-cert.pem" not in files:
            raise CertificateError(
                "secret cacerts has no root-cert.pem, without which istiod can't sign: add the root's certificate"
            )
        live = trust.of_bundle(files["ca-cert.pem"], files.get("cert-chain.pem", ""), files["root-cert.pem"])
    elif text := authority.external_signer_root or authority.root_cert:
        roots = pem.certificates(text, "the mesh's root" if external else "istio-ca-root-cert")
        live = Trust(roots[0], roots, roots[0].not_valid_before_utc, external)
    else:
        return None
    return replace(live, longest_lifetime=authority.longest_lifetime)


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
    holders = f"{listed(held, SHOWN)} still {agreeing(len(held), 'holds', 'hold')}"
    message = f"{dropped} can't be dropped yet: {holders} a certificate of another root"
    return Change("refused", f"{message}; keep it in alsoTrust until they have renewed theirs, or restart them")


@dataclass(frozen=True)
class RootUse:
    """The certificates that proxies and istiod use."""

    proxies: tuple[ProxyTrust, ...]
    istiod: dict[str, Certificate]
    """Serving certificate of each istiod pod, by the pod's name."""
    signers: Certificates = ()
    """CA certificates that istiod signs with; istiod's pods do not present them."""

    def silent(self) -> list[ProxyTrust]:
        """Return the proxies that gave no answer."""
        return [proxy for proxy in self.proxies if not proxy.known]

    def not_trusting(self, roots: Iterable[Certificate]) -> list[ProxyTrust]:
        """Return the proxies that answered and do not trust all of the roots."""
        return [proxy for proxy in self.proxies if proxy.known and not proxy.trusts(*roots)]

    def trusting(self, root: Certificate) -> list[ProxyTrust]:
        return [proxy for proxy in self.proxies if proxy.trusts(root)]

    def not_resting_on(self, root: Certificate) -> list[ProxyTrust]:
        """Return the proxies that answered and whose own certificate does not chain to the root."""
        known = [proxy for proxy in self.proxies if proxy.known]
        return [proxy for proxy in known if not chains.leads_to_root(proxy.chain[0], root, proxy.chain[1:])]

    def istiods_not_resting_on(self, root: Certificate) -> list[str]:
        """Return istiod's pods whose own certificate does not chain to the root."""
        return [pod for pod, shown in self.istiod.items() if not chains.leads_to_root(shown, root, self.signers)]


def read_root_use(context: str, namespace: str) -> RootUse:
    """Ask every proxy of the cluster, and istiod's pods in their namespace. Raises ClusterUnreachable."""
    cacerts = mesh_ca.read_authority(context, namespace).cacerts
    served = certificates_in_use.read_istiods(context, namespace)
    proxies = certificates_in_use.read_proxies(context)
    files = [name for name in ("ca-cert.pem", "cert-chain.pem") if cacerts.get(name)]
    signers = chain.from_iterable(pem.certificates(cacerts[name], f"cacerts: {name}") for name in files)
    return RootUse(tuple(proxies), served, tuple(signers))


def holders_of_others(context: str, namespace: str, root: Certificate) -> list[str] | None:
    """Return the holders of certificates from any other root; None if not all proxies answered."""
    try:
        use = read_root_use(context, namespace)
    except ClusterUnreachable:
        return None
    holders = [f"pod {proxy.pod}" for proxy in use.not_resting_on(root)]
    holders += [f"istiod's pod {pod}" for pod in use.istiods_not_resting_on(root)]
    return None if use.silent() and not holders else holders


@dataclass(frozen=True)
class LostCa:
    """A CA that the state has and Vault does not: its mount was removed, or Vault wiped or restored."""

    mount: str
    """Path of the mount in Vault."""
    found: str
    """Content of that mount, in words."""
    has_mount: bool = True
    """False if nothing is mounted at that path."""


def lost_ca(certificates: Iterable[str], vault: VaultSettings) -> LostCa | None:
    """Compare the CA at its mount with the stack's CAs (PEM, each with or without its signers).

    Returns None if it is one of them. Without certificates, a CA outside Vault has not signed yet, and only the mount
    is looked for. Raises VaultError if Vault gives no answer.
    """
    ours = [pem.certificates(certificate, "the stack's state")[0] for certificate in certificates]
    there = read_own_ca(vault)
    if there is None:
        return LostCa(vault.mount, "nothing is mounted there", has_mount=False)
    if not ours:
        return None
    if not there.strip():
        return LostCa(vault.mount, "the mount holds no CA")
    ca = pem.certificates(there, f"vault.mount {vault.mount}")[0]
    return None if ca in ours else LostCa(vault.mount, f"the mount holds {pem.title(ca)}")
