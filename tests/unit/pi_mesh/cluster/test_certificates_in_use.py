"""The certificates and roots of a running proxy."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from threading import Thread

import pytest

from pi_mesh.cluster import certificates_in_use, proxies
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.port_forward import NotForwardedError
from tests.support import authorities
from tests.support.fake_client import FakeClient

ROOT, OTHER = authorities.make_root(), authorities.make_root("other")
LEAF = authorities.make_ca("leaf", ROOT, ca=False)


def pod(name: str, container: str = "istio-proxy", phase: str = "Running", **metadata: object) -> dict:
    return {
        "metadata": {"namespace": "trading", "name": name, **metadata},
        "spec": {"containers": [{"name": container}]},
        "status": {"phase": phase},
    }


class Pods(FakeClient):
    def each(self, path: str) -> list[dict]:
        return self.items(path)


@pytest.fixture
def read(monkeypatch):
    """Return `read(pods)`: the trust of all proxies, where each shows this chain and these roots."""

    def run(pods: list[dict], chain: str = LEAF.pem, roots: str = ROOT.pem + OTHER.pem, problem: str = "") -> list:
        def certificates(*_: str) -> tuple[str, str]:
            if problem:
                raise NotForwardedError(problem)
            return chain, roots

        monkeypatch.setattr(certificates_in_use, "Client", Pods({"/api/v1/pods": {"items": pods}}))
        monkeypatch.setattr(proxies, "read_certificates", certificates)
        return certificates_in_use.read_proxies("test")

    return run


def test_every_pod_with_a_running_proxy_is_asked_and_no_other(read):
    pods = [
        pod("meshed"),
        pod("plain", container="app"),
        pod("done", phase="Succeeded"),
        pod("ending", deletionTimestamp="now"),
        pod("waiting", phase="Pending"),
        pod("probe", labels={"pi-mesh/short-lived": "true"}),
    ]
    (told,) = read(pods)
    assert told.pod == "trading/meshed"
    assert told.chain == (LEAF.certificate,)
    assert told.trusts(ROOT.certificate, OTHER.certificate)


def test_a_proxy_that_can_not_be_asked_is_told_with_the_reason(read):
    (told,) = read([pod("meshed")], problem="no such pod")
    assert not told.known
    assert told.problem == "no such pod"


@pytest.mark.parametrize(("chain", "roots"), [("", ""), (LEAF.pem, ""), (LEAF.pem, "no PEM")])
def test_a_proxy_without_its_certificates_is_not_known(read, chain, roots):
    (told,) = read([pod("meshed")], chain=chain, roots=roots)
    assert not told.known
    assert "no certificate of the mesh yet" in told.problem


SERVING = authorities.make_ca("istiod", authorities.make_root())
PODS = "/api/v1/namespaces/istio-system/pods"


def pod_of_istiod_tls(name: str, ready: str = "True", **metadata: str) -> dict:
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
def read_of_istiod_tls(monkeypatch) -> Callable[..., dict]:
    """Return `read(address, pod, ...)`: the certificates by pod, where each pod's port leads to the address."""

    def run(address: str, *pods: dict) -> dict:
        monkeypatch.setattr(certificates_in_use, "Client", FakeClient({PODS: {"items": list(pods)}}))
        monkeypatch.setattr(certificates_in_use, "forwarded", lambda *_: nullcontext(address))
        return certificates_in_use.read_istiods("test", "istio-system")

    return run


def test_each_ready_pod_shows_its_certificate(read_of_istiod_tls, address):
    pods = (
        pod_of_istiod_tls("istiod-1"),
        pod_of_istiod_tls("istiod-2", ready="False"),
        pod_of_istiod_tls("istiod-3", deletionTimestamp="now"),
    )
    assert read_of_istiod_tls(address, *pods) == {"istiod-1": SERVING.certificate}


def test_a_pod_that_does_not_answer_is_named(read_of_istiod_tls):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ClusterUnreachable, match="pod istio-system/istiod-1 does not answer on port 15012"):
        read_of_istiod_tls(address, pod_of_istiod_tls("istiod-1"))
