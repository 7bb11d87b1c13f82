"""A substitute for Vault that answers for its health, its token and its root's certificate alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

GOOD_TOKEN = "good"


@contextmanager
def vault_server(
    root: str | None = None, health: int = 200, chain: str = "", own: str | None = None, own_status: int = 200
) -> Iterator[str]:
    """Run the server for the block and yield its address. `health` is the answer of sys/health.

    `root` is the PEM of the CA at the mount `pki`: None without such a mount, empty without a CA in it. `chain` is that
    CA with its signers, if it has any. `own` is the same as `root` for the mount `pki_int`, and `own_status` is its
    answer.
    """
    server = HTTPServer(("127.0.0.1", 0), _handler(root, health, chain or root, own, own_status))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(
    root: str | None, health: int, chain: str | None, own: str | None, own_status: int
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            taken = self.headers["X-Vault-Token"] == GOOD_TOKEN
            answers = {
                "/v1/sys/health": (health, ""),
                "/v1/auth/token/lookup-self": (200 if taken else 403, "{}"),
                "/v1/pki/ca/pem": (404, "") if root is None else (200, root),
                "/v1/pki/ca_chain": (404, "") if chain is None else (200, chain),
                # A request without a token is refused for a missing path.
                "/v1/pki_int/ca/pem": (403, "") if own is None else (own_status, own),
            }
            status, text = answers[self.path]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    return Handler
