"""The certificates and roots of a running proxy."""

import pytest

from pi_mesh.cluster import envoy_admin, proxy_trust
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

        monkeypatch.setattr(proxy_trust, "Client", Pods({"/api/v1/pods": {"items": pods}}))
        monkeypatch.setattr(envoy_admin, "certificates", certificates)
        return proxy_trust.read("test")

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
