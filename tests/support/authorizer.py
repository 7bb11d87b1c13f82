"""An HTTP server outside the mesh: an authorizer, which admits a desk and names its user, and a service of orders.

As a program it serves at an address and port of the network it runs in; `/counts` has the requests that it read, and
`/keys` the program's third argument, an issuer's public keys.
"""

import json
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DESK, USER = ("x-desk", "fx"), ("x-user", "ann")
ORDERS, COUNTS, KEYS = "/orders", "/counts", "/keys"
READ: Counter[str] = Counter()
SERVED = {ORDERS: ""}


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        READ[f"{self.command} {self.path}"] += 1
        header, value = DESK
        open_pages = {**SERVED, COUNTS: json.dumps(READ)}
        body = open_pages.get(self.path, "").encode()
        self.send_response(200 if self.path in open_pages or self.headers.get(header) == value else 403)
        self.send_header(*USER)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of a request."""


def main(address: str, port: str, keys: str = "") -> None:
    SERVED[KEYS] = keys
    with ThreadingHTTPServer((address, int(port)), _Connection) as server:
        print("serves", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
