"""Mutual TLS between two workload certificates in this process, and servers that can't be trusted or never answer."""

import contextlib
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from operations.istiod_certificates import IssuedCertificate
from pi_mesh.certificates import pem
from tests.support import authorities

ROUNDS = 10  # rounds of a handshake: more than any takes


def handshake(client: IssuedCertificate, server: IssuedCertificate, roots: str) -> str:
    """Return the SPIFFE identity that the server saw. Raises ssl.SSLError where one does not trust the other.

    `roots` is PEM text: what both trust.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    serving = _context(ssl.PROTOCOL_TLS_SERVER, server, roots).wrap_bio(to_server, to_client, server_side=True)
    calling = _context(ssl.PROTOCOL_TLS_CLIENT, client, roots).wrap_bio(to_client, to_server)
    done: set[str] = set()
    for _ in range(ROUNDS):
        for name, side in (("client", calling), ("server", serving)):
            try:
                side.do_handshake()
                done.add(name)
            except ssl.SSLWantReadError:
                continue
    assert done == {"client", "server"}
    names = (serving.getpeercert() or {})["subjectAltName"]
    return next(value for kind, value in names if kind == "URI")


def serving_certificate(folder: Path) -> Path:
    """Return a file with a self-signed server certificate for 127.0.0.1, and its key."""
    file = folder / "server.pem"
    unknown = authorities.make_root("unknown")
    file.write_text(unknown.key + unknown.pem)
    return file


@contextmanager
def listener(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Yield the port of a server that takes connections, with TLS or not, and never answers."""
    held: list[socket.socket] = []

    def accept(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                held.append(connection)
                if context:
                    with contextlib.suppress(OSError):
                        held.append(context.wrap_socket(connection, server_side=True))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    for connection in held:
        connection.close()
    thread.join()


def _context(kind: int, own: IssuedCertificate, roots: str) -> ssl.SSLContext:
    context = ssl.SSLContext(kind)
    context.check_hostname = False  # identities are URIs
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=roots)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        Path(file.name).write_bytes(own.key + b"\n" + pem.text(own.chain).encode())
        context.load_cert_chain(file.name)
    return context
