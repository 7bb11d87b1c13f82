"""`kubectl port-forward`, with another command in kubectl's place."""

import http.server
import threading
from collections.abc import Iterator

import httpx2 as httpx
import pytest

from pi_mesh.cluster.port_forward import Answer, NotForwardedError, forwarded, get_answer, get_json, get_text
from tests.support.findings import case, table

ISTIOD = ("test", "istio-system", "pod/istiod-1", 15014)


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """Return `kubectl(script)`: write the command, alone in a folder that is PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def write(script: str) -> None:
        (tmp_path / "kubectl").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "kubectl").chmod(0o755)

    return write


def test_the_local_address_is_the_one_that_kubectl_says(kubectl):
    kubectl('echo "Forwarding from 127.0.0.1:40001 -> 15014"; exec /bin/sleep 60')
    with forwarded(*ISTIOD) as address:
        assert address == "127.0.0.1:40001"


@table(
    case("kubectl's last line", "echo 'error: pods \"istiod-1\" not found' >&2; exit 1",
        'failed: error: pods "istiod-1" not found'),
    case("no kubectl", "", "kubectl is not on PATH"),
)  # fmt: skip
def test_the_reason_why_there_is_none_is_said(kubectl, script, reason):
    if script:
        kubectl(script)
    with pytest.raises(NotForwardedError, match=reason), forwarded(*ISTIOD):
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """Yield the address of a server that answers /json with JSON, and anything else with 404."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/json" else 404)
            if self.headers["Host"] == "shop.example":
                self.send_header("x-envoy-upstream-service-time", "1")
            self.end_headers()
            self.wfile.write(b'{"a": 1}')

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{serving.server_port}"
        serving.shutdown()


def test_an_answer_is_json_and_a_refusal_names_the_path(server):
    assert get_json(server, "/json") == {"a": 1}
    with pytest.raises(NotForwardedError, match=r"GET /debug/syncz failed: .*404"):
        get_json(server, "/debug/syncz")


def test_a_text_is_read_to_its_bound(monkeypatch, server):
    assert get_text(server, "/json", 100) == '{"a": 1}'
    monkeypatch.setattr(httpx.Response, "iter_bytes", lambda _: iter([b"abc", b"def", b"ghi"]))
    assert get_text(server, "/json", 5) == "abcdef"


def test_a_gateways_own_answer_is_told_from_that_of_a_service_behind_it_and_without_tls_there_is_none(server):
    assert get_answer(server, "shop.example", secure=False) == Answer(404, True)
    assert get_answer(server, "other.example", secure=False) == Answer(404, False)
    with pytest.raises(NotForwardedError):
        get_answer(server, "shop.example", secure=True)
