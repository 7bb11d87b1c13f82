"""A TLS handshake with a pod from outside the mesh, and one request: run inside the lab's network, prints JSON.

Arguments: host, port, root certificates' file, and a file with the client's chain and key (or nothing).
"""

import json
import socket
import ssl
import sys
from dataclasses import asdict, dataclass, replace

SECONDS = 10
REQUEST = b"GET /debug HTTP/1.1\r\nHost: handshake\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Seen:
    """The result of a handshake. `trouble` is the reason for no answer; a known server's chain leads to the root."""

    identity: str = ""
    serial: str = ""
    answer: str = ""
    trouble: str = ""


def handshake(host: str, port: int, roots: str, client: str | None = None) -> Seen:
    """Return whether the server's certificate chains to the roots, and whether the server accepts the client's."""
    context = ssl.create_default_context(cafile=roots)
    context.check_hostname = False  # the name is a URI, not a host
    if client:
        context.load_cert_chain(client)
    server = Seen()
    try:
        with socket.create_connection((host, port), SECONDS) as plain, context.wrap_socket(plain) as secure:
            server = _server(secure)
            secure.sendall(REQUEST)
            return replace(server, answer=secure.recv(65536).decode())
    except (ssl.SSLError, OSError) as error:
        return replace(server, trouble=str(error))


def _server(secure: ssl.SSLSocket) -> Seen:
    certificate = secure.getpeercert() or {}
    names = [value for kind, value in certificate["subjectAltName"] if kind == "URI"]
    return Seen(", ".join(names), certificate["serialNumber"])


if __name__ == "__main__":
    print(json.dumps(asdict(handshake(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))))
