"""Run in the lab's network: fill the registry, then answer for it as a registry does that has a bad day.

Arguments: the archive of istiod's image, a file that is made when all is there, and the cases.
"""

import base64
import hashlib
import http.client
import json
import os
import sys
import tarfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

STORE, PORT = ("10.250.0.1", 5001), 5000
TAG = "1.31.0"
BAD_SECONDS = 25.0
"""Seconds that a registry's bad moment lasts, from the first request on."""
PADDING = 4 << 20
SLOWLY = 200_000
"""Bytes in a second."""
LOGIN = "Basic " + base64.b64encode(b"pi:correct").decode()
MANIFEST, INDEX = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("manifest", "index"))
LAYER, CONFIG = "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.config.v1+json"
PASSED_ON = ("Accept", "Range")
began: dict[str, float] = {}
cut: set[str] = set()
"""Cases whose registry has broken off in the middle of an answer."""


def send(
    method: str, path: str, body: bytes = b"", kind: str = "application/octet-stream", **headers: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(*STORE, timeout=60)
    connection.request(method, path, body or None, {"Content-Type": kind, **headers})
    return connection.getresponse()


def push_blob(repository: str, content: bytes, kind: str) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    place = send("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
    path = place.partition(":5001")[2] or place
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
        assert send("PUT", f"/v2/{repository}/manifests/{TAG}", text, MANIFEST).status == 201
        return
    digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
    assert send("PUT", f"/v2/{repository}/manifests/{digest}", text, MANIFEST).status == 201
    other = {"mediaType": MANIFEST, "digest": digest, "size": len(text)}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{**other, "platform": _other()}]}
    assert send("PUT", f"/v2/{repository}/manifests/{TAG}", json.dumps(index).encode(), INDEX).status == 201


def _other() -> dict[str, str]:
    return {"os": "linux", "architecture": "s390x"}


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
            return self._refuse(
                401, "UNAUTHORIZED", "authentication required", ("WWW-Authenticate", 'Basic realm="lab"')
            )
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
    server = ThreadingHTTPServer((STORE[0], PORT), Front)
    Path(ready).touch()
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
