"""A broker outside the mesh, which asks its clients for a certificate: HTTP and a stream that is echoed, over TLS.

As a program it serves at an address and port of the network it runs in, with a folder of files in PEM form.
"""

import socket
import socketserver
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.cluster.machines import Machine
from tests.live.traffic.outside import running

CERTIFICATE, KEY, CLIENTS = "broker.pem", "broker-key.pem", "clients.pem"
END = b"\r\n\r\n"
ANSWERS = 20
"""Largest number of answers on a connection: only a new one shows a renewed certificate."""


@contextmanager
def serving(machine: Machine, port: int, folder: Path) -> Iterator[None]:
    """Serve on a machine of the lab for the block; `folder` has the broker's certificate and its clients' CA."""
    with running(machine, "tests.live.traffic.broker", machine.address, str(port), str(folder)):
        yield


class _Connection(socketserver.BaseRequestHandler):
    """A connection: a GET is answered with the client's name, its certificate and this address; all else is echoed."""

    request: ssl.SSLSocket

    def handle(self) -> None:
        self.request.do_handshake()
        shown: Any = self.request.getpeercert()
        names = dict(entry for (entry,) in shown["subject"])
        body = f"{names['commonName']} {shown['serialNumber']} {self.request.getsockname()[0]}".encode()
        answers = 0
        while said := self.request.recv(65536):
            if said.startswith(b"GET "):
                while END not in said:
                    said += self.request.recv(65536)
                answers += 1
                last = b"Connection: close\r\n" if answers == ANSWERS else b""
                said = b"HTTP/1.1 200 OK\r\n%sContent-Length: %d%s%s" % (last, len(body), END, body)
            self.request.sendall(said)
            if answers == ANSWERS:
                return


class _Broker(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address = True, True

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext) -> None:
        super().__init__(address, _Connection)
        self.context = context

    def get_request(self) -> tuple[socket.socket, Any]:
        plain, peer = super().get_request()
        # The handshake is the connection's, so that a client that fails it delays no other.
        return self.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), peer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client without a certificate, whom the handshake refused."""


def main(address: str, port: str, folder: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(Path(folder) / CLIENTS))
    context.load_cert_chain(Path(folder) / CERTIFICATE, Path(folder) / KEY)
    context.verify_mode = ssl.CERT_REQUIRED
    with _Broker((address, int(port)), context) as broker:
        print("serves", flush=True)
        broker.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
