"""The certificates of running proxies: the roots that each trusts, and its own chain."""

from dataclasses import dataclass

from cryptography import x509

from pi_mesh.cluster import proxies
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.pods import parse
from pi_mesh.cluster.proxies import Proxy

Certificates = tuple[x509.Certificate, ...]


@dataclass(frozen=True)
class ProxyTrust:
    """The certificates of one proxy; `problem` says why it could not be asked."""

    pod: str
    """NAMESPACE/NAME of the pod."""
    owner: str = ""
    """KIND/NAME of the pod's controller."""
    roots: Certificates = ()
    """Roots that the proxy trusts."""
    chain: Certificates = ()
    """Certificate of the proxy first, then each signer."""
    problem: str = ""

    @property
    def known(self) -> bool:
        """Return True if the proxy returned both its roots and its chain."""
        return bool(self.roots and self.chain)

    def trusts(self, *roots: x509.Certificate) -> bool:
        return set(roots) <= set(self.roots)


def read(context: str) -> list[ProxyTrust]:
    """Ask every running proxy of the cluster. Raises as `pi_mesh.cluster.client.Client` does."""
    with Client(context) as client:
        pods = [pod for pod in map(parse, client.each("/api/v1/pods")) if pod.has_lasting_proxy]
    running = [Proxy(pod, "") for pod in pods if pod.phase == "Running"]
    return [_of(proxy) for proxy in proxies.with_certificates(context, running)]


def _of(proxy: Proxy) -> ProxyTrust:
    chain, roots = _certificates(proxy.chain), _certificates(proxy.roots)
    problem = proxy.problem or ("" if roots and chain else "its proxy has no certificate of the mesh yet")
    return ProxyTrust(proxy.id, proxy.pod.owner, roots, chain, problem)


def _certificates(text: str) -> Certificates:
    try:
        return tuple(x509.load_pem_x509_certificates(text.encode()))
    except ValueError:
        return ()
