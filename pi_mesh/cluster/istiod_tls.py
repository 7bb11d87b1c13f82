"""The certificates that istiod's pods present to connecting proxies."""

import socket
import ssl

from cryptography import x509

from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.pods import parse
from pi_mesh.cluster.port_forward import forwarded

PORT = 15012
SECONDS = 20


def read(context: str, namespace: str) -> dict[str, x509.Certificate]:
    """Return the serving certificate of each running istiod pod, by the pod's name.

    Raises ClusterUnreachable if a pod does not answer.
    """
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
            forwarded(context, namespace, f"pod/{pod}", PORT) as address,
            socket.create_connection(("127.0.0.1", int(address.partition(":")[2])), timeout=SECONDS) as plain,
            unverified.wrap_socket(plain, server_hostname=f"istiod.{namespace}.svc") as connection,
        ):
            shown = connection.getpeercert(binary_form=True)
    except OSError as problem:
        raise ClusterUnreachable(f"pod {namespace}/{pod} does not answer on port {PORT}: {problem}") from None
    if not shown:
        raise ClusterUnreachable(f"pod {namespace}/{pod} shows no certificate on port {PORT}")
    return x509.load_der_x509_certificate(shown)
