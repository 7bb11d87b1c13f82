"""A chart repository and an OCI registry in one, on loopback, whose content a test may change."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from lab.toolchain import packaging
from operations.charts.lock import LAYER

TOKEN = "for everybody"


def package(folder: Path, chart: str, version: str, note: str = "as it was released") -> bytes:
    """Return a packaged chart of one template; another note makes it another chart of the same version."""
    source = folder / f"{chart}-source"
    (source / "templates").mkdir(parents=True, exist_ok=True)
    (source / "Chart.yaml").write_text(f"apiVersion: v2\nname: {chart}\nversion: 0.0.0\n")
    (source / "templates" / "note.yaml").write_text(f"# {note}\n")
    return packaging.package(source, chart, version)


class ChartServer(ThreadingHTTPServer):
    """A server of packaged charts by name and version."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.charts: dict[tuple[str, str], bytes] = {}
        self.asked: list[str] = []
        """Paths of all requests."""
        self.digests: dict[tuple[str, str], str] = {}
        """Sums that the index names, where they are not those of the charts."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def repository(self) -> str:
        return f"http://{self.host}/repository"

    @property
    def registry(self) -> str:
        return f"oci://{self.host}/release/charts"

    def index(self) -> str:
        """Return the repository's index.yaml."""
        entries: dict[str, list] = {}
        for (chart, version), content in self.charts.items():
            digest = self.digests.get((chart, version), sha256(content).hexdigest())
            entry = {"name": chart, "version": version, "digest": digest, "urls": [f"files/{chart}-{version}.tgz"]}
            entries.setdefault(chart, []).append(entry)
        return yaml.safe_dump({"apiVersion": "v1", "entries": entries})


class _Handler(BaseHTTPRequestHandler):
    server: ChartServer

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.asked.append(path)
        if path == "/token":
            self._answer(json.dumps({"token": TOKEN}))
        elif path.startswith("/v2/"):
            self._of_registry(path)
        elif path == "/repository/index.yaml":
            self._answer(self.server.index())
        else:
            named = path.removeprefix("/repository/files/").removesuffix(".tgz").rpartition("-")
            self._answer(self.server.charts.get((named[0], named[2])))

    def _of_registry(self, path: str) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.send_response(401)
            realm = f'Bearer realm="http://{self.server.host}/token",service="charts",scope="pull"'
            self.send_header("WWW-Authenticate", realm)
            self.end_headers()
            return
        _, kind, last = path.removeprefix("/v2/release/charts").rsplit("/", 2)
        chart = path.removeprefix("/v2/release/charts/").split("/")[0]
        if kind == "manifests":
            content = self.server.charts.get((chart, last))
            layer = {"mediaType": LAYER, "digest": f"sha256:{sha256(content).hexdigest()}"} if content else {}
            self._answer(json.dumps({"layers": [layer]}) if content else None)
        else:
            sums = {f"sha256:{sha256(content).hexdigest()}": content for content in self.server.charts.values()}
            self._answer(sums.get(last))

    def _answer(self, content: str | bytes | None) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""


@contextmanager
def serving() -> Iterator[ChartServer]:
    """Run a server without charts until the end of the block."""
    with ChartServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
