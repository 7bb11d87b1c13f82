"""A client outside the mesh, in the control plane's network, which has no sidecar: HTTP, HTTPS and mutual TLS.

As a program, in that network, it calls one of its functions by name with arguments in JSON, and prints the result.
"""

import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lab.calls import REFUSED, Answer
from lab.cluster import enter
from lab.cluster.kubectl import get, staying_pods
from lab.cluster.machines import CONTROL_PLANE, Machine, node
from lab.cluster.names import CHECKOUT
from lab.workloads import CONTROL, SELF, TRADING, Workload
from pi_mesh.names import INGRESS

ADDRESS = CONTROL_PLANE.address  # the client's address
HOST = "shop.example"
ROOTS = "root-cert.pem"
PYTHON = ("env", f"PYTHONPATH={CHECKOUT}", sys.executable, "-m")


@dataclass(frozen=True)
class Seen:
    """The result of a handshake. `trouble` is the reason for no answer; a known server's chain leads to the root."""

    identity: str = ""
    serial: str = ""
    answer: str = ""
    trouble: str = ""


def visit(
    port: str, roots: str = "", first: str = "", forwarded_for: str = "", host: str = HOST, client: str = ""
) -> Answer:
    """Send a request to a port of the gateway's Service, by its name, on the node of the gateway's pod.

    With `roots`, a file, it is HTTPS; a server that does not answer is told by the names in its certificate. `first`
    is sent before all else, such as the PROXY protocol's header; `client` is a file with a chain and its key.
    """
    (pod,) = staying_pods(CONTROL, "istio=ingressgateway")
    ports = {one["name"]: one["nodePort"] for one in get("service", INGRESS, "-n", CONTROL)["spec"]["ports"]}
    text = f"{first}GET /debug HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    text += f"X-Forwarded-For: {forwarded_for}\r\n\r\n" if forwarded_for else "\r\n"
    address = node(pod["spec"]["nodeName"]).address
    where = {"address": address, "port": ports[port], "host": host}
    return Answer(**_in_network(_sent, **where, roots=roots, client=client, request=text))


def shake(server: Workload, roots: Path, client: Path | None = None) -> Seen:
    """Shake hands with the server's pod, and send a request; `client` is a file with a chain and its key."""
    where = {"host": address_of(server), "port": 8080, "roots": str(roots), "client": str(client or "")}
    return Seen(**_in_network(_handshake, **where))


def address_of(workload: Workload) -> str:
    """Return the address of a pod of the workload."""
    return staying_pods(workload.namespace, f"{SELF}={workload.name}")[0]["status"]["podIP"]


def host_of(workload: Workload) -> str:
    """Return a name of the workload's pod that the cluster's DNS knows, and the mesh doesn't."""
    return f"{address_of(workload).replace('.', '-')}.{workload.namespace}.pod.cluster.local"


def root_certificates() -> str:
    """Return the roots that every workload of the mesh trusts, in PEM form: istiod writes them into each namespace."""
    return get("configmap", "istio-ca-root-cert", "-n", TRADING)["data"][ROOTS]


def certificate_serial(server: Workload) -> str:
    """Return the serial number of the certificate that the server shows now."""
    with TemporaryDirectory() as folder:
        roots = Path(folder) / ROOTS
        roots.write_text(root_certificates())
        return shake(server, roots).serial


def name_of(machine: Machine) -> str:
    """Return a name of the machine that the cluster's DNS knows, and the mesh doesn't."""
    return f"{machine.address.replace('.', '-')}.{TRADING}.pod.cluster.local"


@contextmanager
def running(machine: Machine, module: str, *arguments: str) -> Iterator[None]:
    """Run a module as a program in the machine's network for the block, which begins when it prints a line."""
    command = enter.network(machine, *PYTHON, module, *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        try:
            assert run.stdout
            assert run.stdout.readline(), f"{module} does not start"
            yield
        finally:
            run.terminate()


def _in_network(function: Any, **arguments: object) -> dict[str, Any]:
    command = enter.network(
        CONTROL_PLANE, *PYTHON, "tests.live.traffic.outside", function.__name__, json.dumps(arguments)
    )
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _sent(address: str, port: int, host: str, roots: str, client: str, request: str) -> Answer:
    try:
        plain = socket.create_connection((address, port), 5)
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
        context.load_cert_chain(client)
    return context.wrap_socket(plain, server_hostname=host)


def _handshake(host: str, port: int, roots: str, client: str) -> Seen:
    """Return whether the server's certificate chains to the roots, and whether the server accepts the client's."""
    context = ssl.create_default_context(cafile=roots)
    context.check_hostname = False  # the name is a URI, not a host
    if client:
        context.load_cert_chain(client)
    seen = Seen()
    try:
        with socket.create_connection((host, port), 10) as plain, context.wrap_socket(plain) as secure:
            certificate = secure.getpeercert() or {}
            names = [value for kind, value in certificate["subjectAltName"] if kind == "URI"]
            seen = Seen(", ".join(names), certificate["serialNumber"])
            secure.sendall(b"GET /debug HTTP/1.1\r\nHost: handshake\r\nConnection: close\r\n\r\n")
            return replace(seen, answer=secure.recv(65536).decode())
    except (ssl.SSLError, OSError) as error:
        return replace(seen, trouble=str(error))


if __name__ == "__main__":
    print(json.dumps(asdict(globals()[sys.argv[1]](**json.loads(sys.argv[2])))))
