"""The certificates that running proxies hold: whom each trusts, and with which chain it speaks for itself."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cryptography import x509

from pi_mesh.cluster import envoy_admin
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.pods import Pod, parse
from pi_mesh.names import SHORT_LIVED_LABEL

Certificates = tuple[x509.Certificate, ...]

AT_ONCE = 6


@dataclass(frozen=True)
class ProxyTrust:
    """What one proxy holds; `problem` says why it could not be asked."""

    pod: str
    """NAMESPACE/NAME."""
    owner: str = ""
    """KIND/NAME of what controls the pod."""
    roots: Certificates = ()
    """Whom it trusts."""
    chain: Certificates = ()
    """Its own certificate first, then each one's signer."""
    problem: str = ""

    @property
    def known(self) -> bool:
        """Whether it told both."""
        return bool(self.roots and self.chain)

    def trusts(self, *roots: x509.Certificate) -> bool:
        return set(roots) <= set(self.roots)


def read(context: str) -> list[ProxyTrust]:
    """Ask every running proxy of the cluster. Raises as `pi_mesh.cluster.client.Client` does."""
    with Client(context) as client:
        pods = [pod for pod in map(parse, client.each("/api/v1/pods")) if _has_proxy(pod)]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(lambda pod: _of(context, pod), pods))


def _has_proxy(pod: Pod) -> bool:
    passing = pod.ending or SHORT_LIVED_LABEL in pod.labels
    return pod.has_sidecar and pod.phase == "Running" and not passing


def _of(context: str, pod: Pod) -> ProxyTrust:
    name = f"{pod.namespace}/{pod.name}"
    try:
        chain, roots = map(_certificates, envoy_admin.certificates(context, pod.namespace, pod.name))
    except ClusterUnreachable as problem:
        return ProxyTrust(name, pod.owner, problem=str(problem))
    problem = "" if roots and chain else "its proxy has no certificate of the mesh yet"
    return ProxyTrust(name, pod.owner, roots, chain, problem)


def _certificates(text: str) -> Certificates:
    try:
        return tuple(x509.load_pem_x509_certificates(text.encode()))
    except ValueError:
        return ()
