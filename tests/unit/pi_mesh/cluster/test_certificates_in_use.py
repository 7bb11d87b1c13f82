"""The certificates and roots of running proxies and of istiod."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import repeat
from pathlib import Path
from threading import Thread
from unittest.mock import Mock

import pytest

from pi_mesh.cluster import certificates_in_use, proxies
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.port_forward import NotForwardedError
from tests.support import authorities
from tests.support.fake_client import FakeClient
from tests.support.findings import table

ROOT, OTHER = authorities.make_root(), authorities.make_root("other")
LEAF, SERVING = authorities.make_ca("leaf", ROOT, ca=False), authorities.make_ca("istiod", ROOT)
ISTIODS = "/api/v1/namespaces/istio-system/pods"


def pod(name: str, container: str = "istio-proxy", phase: str = "Running", ready: str = "True", **meta: object) -> dict:
    return {
        "metadata": {"namespace": "trading", "name": name, **meta},
        "spec": {"containers": [{"name": container}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]},
    }


def read_proxies(
    monkeypatch, *pods: dict, chain: str = LEAF.pem, roots: str = ROOT.pem + OTHER.pem, problem: str = ""
) -> list:
    """Return the trust of all proxies, where each shows this chain and these roots."""
    shown = NotForwardedError(problem) if problem else (chain, roots)
    monkeypatch.setattr(certificates_in_use, "Client", FakeClient({"/api/v1/pods": {"items": pods}}))
    monkeypatch.setattr(proxies, "read_certificates", Mock(side_effect=repeat(shown)))
    return certificates_in_use.read_proxies("test")


def test_every_pod_with_a_running_proxy_is_asked_and_no_other(monkeypatch):
    others = [pod("plain", container="app"), *(pod(phase, phase=phase) for phase in ("Succeeded", "Pending"))]
    others += [pod("ending", deletionTimestamp="now"), pod("probe", labels={"pi-mesh/short-lived": "true"})]
    (told,) = read_proxies(monkeypatch, pod("meshed"), *others)
    assert (told.pod, told.chain) == ("trading/meshed", (LEAF.certificate,))
    assert told.trusts(ROOT.certificate, OTHER.certificate)


@table(
    ({"problem": "no such pod"}, "no such pod"),
    ({"chain": "", "roots": ""}, "no certificate of the mesh yet"),
    ({"roots": ""}, "no certificate of the mesh yet"),
    ({"roots": "no PEM"}, "no certificate of the mesh yet"),
)
def test_a_proxy_that_can_not_be_asked_or_has_no_certificates_is_told_with_the_reason(monkeypatch, shown, problem):
    (told,) = read_proxies(monkeypatch, pod("meshed"), **shown)
    assert told.known is False
    assert problem in told.problem


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


def read_istiods(monkeypatch, address: str, *pods: dict) -> dict:
    """Return the certificates by pod, where each pod's port leads to the address."""
    monkeypatch.setattr(certificates_in_use, "Client", FakeClient({ISTIODS: {"items": pods}}))
    monkeypatch.setattr(certificates_in_use, "forwarded", lambda *_: nullcontext(address))
    return certificates_in_use.read_istiods("test", "istio-system")


def test_each_ready_pod_shows_its_certificate(monkeypatch, address):
    pods = (pod("istiod-1"), pod("istiod-2", ready="False"), pod("istiod-3", deletionTimestamp="now"))
    assert read_istiods(monkeypatch, address, *pods) == {"istiod-1": SERVING.certificate}


def test_a_pod_that_does_not_answer_is_named(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ClusterUnreachable, match=r"pod .*/istiod-1 does not answer on port 15012"):
        read_istiods(monkeypatch, address, pod("istiod-1"))
