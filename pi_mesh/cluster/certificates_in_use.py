"""The certificates that running proxies and istiod's pods present, and the roots that each proxy trusts."""

import socket
import ssl
from dataclasses import dataclass

from cryptography import x509

from pi_mesh.cluster import proxies
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.pods import parse
from pi_mesh.cluster.port_forward import forwarded
from pi_mesh.cluster.proxies import Proxy
from pi_mesh.names import ISTIOD_TLS

Certificates = tuple[x509.Certificate, ...]


@dataclass(frozen=True)
class ProxyTrust:
    """The certificates of one proxy; `problem` says why it could not be asked."""

    pod: str
    """NAMESPACE/NAME of the pod."""
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


def read_proxies(context: str) -> list[ProxyTrust]:
    """Ask every running proxy of the cluster. Raises as `pi_mesh.cluster.client.Client` does."""
    with Client(context) as client:
        pods = [pod for pod in map(parse, client.each("/api/v1/pods")) if pod.has_lasting_proxy]
    running = [Proxy(pod, "") for pod in pods if pod.phase == "Running"]
    return [_proxy_trust(proxy) for proxy in proxies.with_certificates(context, running)]


def _proxy_trust(proxy: Proxy) -> ProxyTrust:
    chain, roots = _certificates(proxy.chain), _certificates(proxy.roots)
    problem = proxy.problem or ("" if roots and chain else "its proxy has no certificate of the mesh yet")
    return ProxyTrust(proxy.id, roots, chain, problem)


def _certificates(text: str) -> Certificates:
    try:
        return tuple(x509.load_pem_x509_certificates(text.encode()))
    except ValueError:
        return ()


SECONDS = 20


def read_istiods(context: str, namespace: str) -> dict[str, x509.Certificate]:
    """Return the serving certificate of each running istiod pod by name. Raises ClusterUnreachable if one is silent."""
    with Client(context) as client:
        items = client.items(f"/api/v1/namespaces/{namespace}/pods", labelSelector="app=istiod")
    pods = [pod for pod in map(parse, items) if pod.ready and not pod.ending]
    return {pod.name: _served(context, namespace, pod.name) for pod in pods}


def _served(context: str, namespace: str, pod: str) -> x509.Certificate:
    # The question is which CA issued the certificate, so it is not verified here.
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            forwarded(context, namespace, f"pod/{pod}", ISTIOD_TLS) as address,
            socket.create_connection(("127.0.0.1", int(address.partition(":")[2])), timeout=SECONDS) as plain,
            unverified.wrap_socket(plain, server_hostname=f"istiod.{namespace}.svc") as connection,
        ):
            shown = connection.getpeercert(binary_form=True)
    except OSError as problem:
        raise ClusterUnreachable(f"pod {namespace}/{pod} does not answer on port {ISTIOD_TLS}: {problem}") from None
    if not shown:
        raise ClusterUnreachable(f"pod {namespace}/{pod} shows no certificate on port {ISTIOD_TLS}")
    return x509.load_der_x509_certificate(shown)
