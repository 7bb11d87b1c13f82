"""The certificates that istiod's pods show to proxies which connect."""

import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography import x509

from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.pods import parse

PORT = 15012
SECONDS = 20


class NotForwarded(ClusterUnreachable):
    """kubectl does not lead to a pod's port."""


def read(context: str, namespace: str) -> dict[str, x509.Certificate]:
    """Return the certificate that each running pod of istiod serves with, by the pod's name.

    Raises ClusterUnreachable where one can't be asked.
    """
    with Client(context) as client:
        items = client.items(f"/api/v1/namespaces/{namespace}/pods", labelSelector="app=istiod")
    pods = [pod for pod in map(parse, items) if pod.ready and not pod.ending]
    return {pod.name: _served(context, namespace, pod.name) for pod in pods}


def _served(context: str, namespace: str, pod: str) -> x509.Certificate:
    # Whoever it is of is what is asked, so nothing is verified here.
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            forwarded(context, namespace, f"pod/{pod}", PORT) as port,
            socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as plain,
            unverified.wrap_socket(plain, server_hostname=f"istiod.{namespace}.svc") as connection,
        ):
            shown = connection.getpeercert(binary_form=True)
    except OSError as problem:
        raise ClusterUnreachable(f"pod {namespace}/{pod} does not answer on port {PORT}: {problem}") from None
    if not shown:
        raise ClusterUnreachable(f"pod {namespace}/{pod} shows no certificate on port {PORT}")
    return x509.load_der_x509_certificate(shown)


@contextmanager
def forwarded(context: str, namespace: str, target: str, port: int) -> Iterator[int]:
    """Yield a port of 127.0.0.1 that leads to the target's, by `kubectl port-forward`."""
    command = ["kubectl", "--context", context, "-n", namespace, "port-forward", target, f":{port}"]
    try:
        process = subprocess.Popen([*command, "--address=127.0.0.1"], stdout=subprocess.PIPE, text=True)
    except FileNotFoundError:
        raise NotForwarded("the command kubectl is not on PATH; install it") from None
    with process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not (match := re.search(r"127\.0\.0\.1:(\d+)", line)):
                raise NotForwarded(f"`{' '.join(command)}` failed; is the pod Ready?")
            yield int(match[1])
        finally:
            process.terminate()
