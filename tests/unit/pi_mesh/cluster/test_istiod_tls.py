"""The certificate that istiod's pods serve with."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from threading import Thread

import pytest

from pi_mesh.cluster import istiod_tls
from pi_mesh.cluster.errors import ClusterUnreachable
from tests.support import authorities
from tests.support.fake_client import FakeClient

SERVING = authorities.make_ca("istiod", authorities.make_root())
PODS = "/api/v1/namespaces/istio-system/pods"


def pod(name: str, ready: str = "True", **metadata: str) -> dict:
    conditions = [{"type": "Ready", "status": ready}]
    return {
        "metadata": {"namespace": "istio-system", "name": name, **metadata},
        "spec": {"containers": []},
        "status": {"phase": "Running", "conditions": conditions},
    }


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Yield a server with istiod's certificate, for one connection."""
    file = tmp_path / "server.pem"
    file.write_text(SERVING.key + SERVING.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, context.wrap_socket(connection, server_side=True):
                pass

        server = Thread(target=serve, daemon=True)
        server.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        server.join(5)


@pytest.fixture
def read(monkeypatch) -> Callable[..., dict]:
    """Return `read(address, pod, ...)`: the certificates by pod, where each pod's port leads to the address."""

    def run(address: str, *pods: dict) -> dict:
        monkeypatch.setattr(istiod_tls, "Client", FakeClient({PODS: {"items": list(pods)}}))
        monkeypatch.setattr(istiod_tls, "forwarded", lambda *_: nullcontext(address))
        return istiod_tls.read("test", "istio-system")

    return run


def test_each_ready_pod_shows_its_certificate(read, address):
    pods = (pod("istiod-1"), pod("istiod-2", ready="False"), pod("istiod-3", deletionTimestamp="now"))
    assert read(address, *pods) == {"istiod-1": SERVING.certificate}


def test_a_pod_that_does_not_answer_is_named(read):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ClusterUnreachable, match="pod istio-system/istiod-1 does not answer on port 15012"):
        read(address, pod("istiod-1"))
