"""A real registry in the lab (distribution), and before it a server that answers by fault, as registries do.

The first part of an image's name is its case: the hub `10.250.0.1:5000/slow` gives `istio/pilot` slowly. Each case has
a layer of its own, for a node that has a layer never asks for it again.

Run as a program in the lab's network, it fills the registry and answers for it. Arguments: the archive of istiod's
image, a file that is made when all is there, and the cases.
"""

import base64
import hashlib
import http.client
import json
import os
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lab.cluster import enter, process
from lab.cluster.machines import CONTROL_PLANE, NODES
from lab.cluster.names import CHECKOUT
from lab.cluster.waiting import wait_until
from lab.toolchain import images, programs
from lab.toolchain.istio_parts import ISTIO

PORT, STORE_PORT = 5000, 5001
STORE, FRONT = f"{CONTROL_PLANE.address}:{STORE_PORT}", f"{CONTROL_PLANE.address}:{PORT}"
HOSTS = f'server = "http://{FRONT}"\n'
CONFIGURATION = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "{address}"}}
"""
BAD_SECONDS = 25.0
"""Seconds that a registry's bad moment lasts, from the first request on."""
PADDING = 4 << 20
SLOWLY = 200_000
"""Bytes in a second."""
LOGIN = "Basic " + base64.b64encode(b"pi:correct").decode()
MANIFEST, INDEX = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("manifest", "index"))
LAYER, CONFIG = "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.config.v1+json"
PASSED_ON = ("Accept", "Range")
OTHER_PLATFORM = {"os": "linux", "architecture": "s390x"}
began: dict[str, float] = {}
cut: set[str] = set()
"""Cases whose registry has broken off in the middle of an answer."""


def hub(case: str) -> str:
    """Return the value of images.hub by which images come as the case says."""
    return f"{FRONT}/{case}"


@contextmanager
def running(*cases: str) -> Iterator[None]:
    """Have the registry with istiod's image for each case; build the registry first if needed."""
    programs.ensure(["registry"])
    folder = CONTROL_PLANE.folder / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "registry.yaml").write_text(CONFIGURATION.format(folder=folder / "data", address=STORE))
    for node in NODES:
        place = node.folder / "certs.d" / FRONT
        place.mkdir(parents=True, exist_ok=True)
        (place / "hosts.toml").write_text(HOSTS)
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    command = (programs.program("registry"), "serve", folder / "registry.yaml")
    process.start("registry", enter.network(CONTROL_PLANE, *command))
    pilot = next(Path(tar) for name, tar in images.image_tars() if "pilot" in name)
    module = ("env", f"PYTHONPATH={CHECKOUT}", sys.executable, "-m", "tests.support.registry")
    process.start("registry-faults", enter.network(CONTROL_PLANE, *module, pilot, ready, *cases))
    try:
        wait_until("the registry with its images", ready.exists, seconds=90)
        yield
    finally:
        process.stop("registry-faults", seconds=1)
        process.stop("registry", seconds=2)


def send(
    method: str, path: str, body: bytes = b"", kind: str = "application/octet-stream", **headers: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(STORE, timeout=60)
    connection.request(method, path, body or None, {"Content-Type": kind, **headers})
    return connection.getresponse()


def push_blob(repository: str, content: bytes, kind: str) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    place = send("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
    path = place.partition(f":{STORE_PORT}")[2] or place
    answer = send("PUT", f"{path}{'&' if '?' in path else '?'}digest={digest}", content)
    assert answer.status == 201, answer.read()
    return {"mediaType": kind, "size": len(content), "digest": digest}


def push(case: str, archive: Path) -> None:
    """Push istiod's image with a further layer that no other case has; for another machine's processor if so named."""
    repository = f"{case}/pilot"
    with tarfile.open(archive) as tar:
        manifest = json.loads(tar.extractfile("manifest.json").read())[0]
        config = json.loads(tar.extractfile(manifest["Config"]).read())
        base = tar.extractfile(manifest["Layers"][0]).read()
    padding = _layer(case)
    config["rootfs"]["diff_ids"].append(f"sha256:{hashlib.sha256(padding).hexdigest()}")
    config["history"].append({"created_by": case})
    layers = [push_blob(repository, base, LAYER), push_blob(repository, padding, LAYER)]
    of_config = push_blob(repository, json.dumps(config).encode(), CONFIG)
    whole = {"schemaVersion": 2, "mediaType": MANIFEST, "config": of_config, "layers": layers}
    text = json.dumps(whole).encode()
    if case != "other-processor":
        assert send("PUT", f"/v2/{repository}/manifests/{ISTIO}", text, MANIFEST).status == 201
        return
    digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
    assert send("PUT", f"/v2/{repository}/manifests/{digest}", text, MANIFEST).status == 201
    other = {"mediaType": MANIFEST, "digest": digest, "size": len(text)}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{**other, "platform": OTHER_PLATFORM}]}
    assert send("PUT", f"/v2/{repository}/manifests/{ISTIO}", json.dumps(index).encode(), INDEX).status == 201


def _layer(case: str) -> bytes:
    path = Path(f"/tmp/registry-layer-{os.getpid()}.tar")
    content = Path(f"{path}.content")
    content.write_bytes(os.urandom(PADDING))
    with tarfile.open(path, "w") as tar:
        tar.add(content, f"padding/{case}")
    content.unlink()
    text = path.read_bytes()
    path.unlink()
    return text


class Front(BaseHTTPRequestHandler):
    """The registry as the nodes see it."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        case = self.path.removeprefix("/v2/").partition("/")[0]
        bad = time.monotonic() - began.setdefault(case, time.monotonic()) < BAD_SECONDS
        if case == "too-many" and bad:
            return self._refuse(429, "TOOMANYREQUESTS", "toomanyrequests: You have reached your pull rate limit")
        if case == "login" and self.headers.get("Authorization") != LOGIN:
            asking = ("WWW-Authenticate", 'Basic realm="lab"')
            return self._refuse(401, "UNAUTHORIZED", "authentication required", asking)
        if case in cut and bad:
            self.close_connection = True
            return None
        asked = {name: value for name in PASSED_ON if (value := ", ".join(self.headers.get_all(name, ())))}
        answer = send(self.command, self.path, **asked)
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return None
        is_padding = "/blobs/" in self.path and PADDING < len(body) < 2 * PADDING
        if case == "gone" and bad and is_padding:
            self.wfile.write(body[: PADDING // 2])
            cut.add(case)
            self.close_connection = True
            return self.connection.close()
        step = SLOWLY if case == "slow" and is_padding else len(body) or 1
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            if step == SLOWLY:
                time.sleep(1)
        return None

    def _refuse(self, status: int, code: str, message: str, *headers: tuple[str, str]) -> None:
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.send_response(status)
        for name, value in (*headers, ("Content-Type", "application/json"), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main(archive: str, ready: str, *cases: str) -> None:
    """Fill the registry and serve until the process is ended."""
    for _ in range(100):
        try:
            send("GET", "/v2/")
            break
        except OSError:
            time.sleep(0.1)
    for case in cases:
        push(case, Path(archive))
    server = ThreadingHTTPServer((CONTROL_PLANE.address, PORT), Front)
    Path(ready).touch()
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
