"""`kubectl port-forward`, with another command in kubectl's place."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pi_mesh.cluster.port_forward import Answer, NotForwardedError, forwarded, get_answer, get_json


@pytest.fixture
def kubectl(tmp_path, monkeypatch) -> Path:
    """Return a folder on PATH, alone, in which a test writes the command."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "kubectl"


def command(file: Path, script: str) -> None:
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_the_local_address_is_the_one_that_kubectl_says(kubectl):
    command(kubectl, 'echo "Forwarding from 127.0.0.1:40001 -> 15014"; exec /bin/sleep 60')
    with forwarded("test", "istio-system", "pod/istiod-1", 15014) as address:
        assert address == "127.0.0.1:40001"


def test_kubectls_last_line_says_why_there_is_none(kubectl):
    command(kubectl, "echo 'error: pods \"istiod-1\" not found' >&2; exit 1")
    with (
        pytest.raises(NotForwardedError, match=r'failed: error: pods "istiod-1" not found'),
        forwarded("test", "istio-system", "pod/istiod-1", 15014),
    ):
        pass


def test_a_missing_kubectl_is_named(kubectl):
    assert not kubectl.exists()
    with pytest.raises(NotForwardedError, match="kubectl is not on PATH"), forwarded("test", "a", "pod/b", 1):
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
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{serving.server_port}"
        serving.shutdown()


def test_the_answer_is_json(server):
    assert get_json(server, "/json") == {"a": 1}


def test_a_refusal_names_the_path(server):
    with pytest.raises(NotForwardedError, match=r"GET /debug/syncz failed: .*404"):
        get_json(server, "/debug/syncz")


def test_a_gateways_own_answer_is_told_from_that_of_a_service_behind_it(server):
    assert get_answer(server, "shop.example", secure=False) == Answer(404, True)
    assert get_answer(server, "other.example", secure=False) == Answer(404, False)


def test_a_port_that_does_not_speak_tls_gives_no_answer(server):
    with pytest.raises(NotForwardedError):
        get_answer(server, "shop.example", secure=True)
