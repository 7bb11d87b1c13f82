"""The roots that running proxies trust and chain to, and istiod's own chain, as each of them reports it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.x509 import Certificate

from pi_mesh.certificates import pem, signature_path
from pi_mesh.certificates.pem import Certificates
from pi_mesh.cluster import authority, istiod_tls, proxy_trust
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.proxy_trust import ProxyTrust


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
        """Return the proxies that trust the root."""
        return [proxy for proxy in self.proxies if proxy.trusts(root)]

    def not_resting_on(self, root: Certificate) -> list[ProxyTrust]:
        """Return the proxies that answered and whose own certificate does not chain to the root."""
        return [proxy for proxy in self.proxies if proxy.known and not _rests_on(root, *proxy.chain)]

    def istiods_not_resting_on(self, root: Certificate) -> list[str]:
        """Return istiod's pods whose own certificate does not chain to the root."""
        return [pod for pod, shown in self.istiod.items() if not signature_path.leads(shown, root, self.signers)]


def _rests_on(root: Certificate, own: Certificate, *above: Certificate) -> bool:
    return signature_path.leads(own, root, above)


def read(context: str, namespace: str) -> RootUse:
    """Ask every proxy of the cluster, and istiod's pods in their namespace. Raises ClusterUnreachable."""
    live, served, proxies = (
        authority.read(context, namespace),
        istiod_tls.read(context, namespace),
        proxy_trust.read(context),
    )
    signers = [
        certificate
        for name in ("ca-cert.pem", "cert-chain.pem")
        if live.cacerts.get(name)
        for certificate in pem.certificates(live.cacerts[name], f"cacerts: {name}")
    ]
    return RootUse(tuple(proxies), served, tuple(signers))


def holders_of_others(context: str, namespace: str, root: Certificate) -> list[str] | None:
    """Return the holders of certificates from any other root; None if not all proxies answered."""
    try:
        use = read(context, namespace)
    except ClusterUnreachable:
        return None
    found = list(_named(use, root))
    return None if use.silent() and not found else found


def _named(use: RootUse, root: Certificate) -> Iterator[str]:
    yield from (f"pod {proxy.pod}" for proxy in use.not_resting_on(root))
    yield from (f"istiod's pod {pod}" for pod in use.istiods_not_resting_on(root))
