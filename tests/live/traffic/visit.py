"""One HTTP request by a client outside the cluster, from the control plane's network, to a node port of the gateway.

As a program it sends the request, and prints the answer as JSON.
"""

import json
import socket
import ssl
import subprocess
import sys

from lab.calls import REFUSED, Answer
from lab.cluster import enter
from lab.cluster.kubectl import get, staying_pods
from lab.cluster.machines import CONTROL_PLANE, node
from lab.cluster.names import CHECKOUT
from lab.workloads import CONTROL
from pi_mesh.names import INGRESS

ADDRESS = CONTROL_PLANE.address
"""The client's address."""
HOST = "shop.example"
SECONDS = 5


def visit(
    port: str, roots: str = "", first: str = "", forwarded_for: str = "", host: str = HOST, client: str = ""
) -> Answer:
    """Send a request to a port of the gateway's Service, by its name, on the node of the gateway's pod.

    With `roots`, a file, it is HTTPS; a server that does not answer is told by the names in its certificate. `first`
    is sent before all else, such as the PROXY protocol's header. `client` is the path of the client's
    certificate and key, without their endings .crt and .key.
    """
    text = f"{first}GET /debug HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    text += f"X-Forwarded-For: {forwarded_for}\r\n\r\n" if forwarded_for else "\r\n"
    where = {"address": _node_address(), "port": node_port(port), "host": host}
    request = {**where, "roots": roots, "client": client, "request": text}
    python = ("env", f"PYTHONPATH={CHECKOUT}", sys.executable, "-m", "tests.live.traffic.visit", json.dumps(request))
    done = subprocess.run(enter.network(CONTROL_PLANE, *python), capture_output=True, text=True, check=True)
    return Answer(**json.loads(done.stdout))


def node_port(name: str) -> int:
    ports = get("service", INGRESS, "-n", CONTROL)["spec"]["ports"]
    return next(port["nodePort"] for port in ports if port["name"] == name)


def _node_address() -> str:
    (pod,) = staying_pods(CONTROL, "istio=ingressgateway")
    return node(pod["spec"]["nodeName"]).address


def _sent(address: str, port: int, host: str, roots: str, client: str, request: str) -> Answer:
    try:
        plain = socket.create_connection((address, port), SECONDS)
        with plain, _secured(plain, host, roots, client) as connection:
            shown = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
            connection.sendall(request.encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode(errors="replace")
    except (ssl.SSLError, OSError) as error:
        return Answer(REFUSED, str(error))
    first, *words = answer.split() or [""]
    if first.startswith("HTTP/"):
        return Answer(int(words[0]), answer)
    return Answer(REFUSED, str((shown or {}).get("subjectAltName", "")))


def _secured(plain: socket.socket, host: str, roots: str, client: str) -> socket.socket:
    if not roots:
        return plain
    context = ssl.create_default_context(cafile=roots)
    if client:
        context.load_cert_chain(f"{client}.crt", f"{client}.key")
    return context.wrap_socket(plain, server_hostname=host)


if __name__ == "__main__":
    print(json.dumps(vars(_sent(**json.loads(sys.argv[1])))))
