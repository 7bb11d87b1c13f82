"""What a proxy tells of its certificates, by Envoy's dump."""

import base64
import json
import subprocess

import pytest

from pi_mesh.cluster import proxy_trust
from tests.support import authorities
from tests.support.fake_client import FakeClient

ROOT, OTHER = authorities.make_root(), authorities.make_root("other")
LEAF = authorities.make_ca("leaf", ROOT, ca=False)


def inline(text: str) -> dict:
    return {"inline_bytes": base64.b64encode(text.encode()).decode()}


ENTRIES = [
    {"name": "default", "secret": {"tls_certificate": {"certificate_chain": inline(LEAF.pem + ROOT.pem)}}},
    {"name": "ROOTCA", "secret": {"validation_context": {"trusted_ca": inline(ROOT.pem + OTHER.pem)}}},
]
DUMP = json.dumps({"configs": ENTRIES})
WHOLE = json.dumps({"configs": [{"bootstrap": {}}, {"dynamic_active_secrets": ENTRIES}]})


def pod(name: str, container: str = "istio-proxy", phase: str = "Running", **metadata: str) -> dict:
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
    """`read(pods, said)`: what all proxies tell where kubectl answers so."""

    def run(pods: list[dict], out: str = DUMP, err: str = "", status: int = 0) -> list[proxy_trust.ProxyTrust]:
        monkeypatch.setattr(proxy_trust, "Client", Pods({"/api/v1/pods": {"items": pods}}))
        answer = subprocess.CompletedProcess([], status, out, err)
        monkeypatch.setattr(proxy_trust.subprocess, "run", lambda *_, **__: answer)
        return proxy_trust.read("test")

    return run


@pytest.mark.parametrize("dump", [DUMP, WHOLE])
def test_roots_and_own_chain_are_read_from_either_form_of_the_dump(dump):
    roots, chain = proxy_trust.parse_secrets(dump)
    assert roots == (ROOT.certificate, OTHER.certificate)
    assert chain == (LEAF.certificate, ROOT.certificate)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"configs": [{"name": "ROOTCA", "secret": {}}]}'])
def test_a_dump_without_certificates_holds_none(text):
    assert proxy_trust.parse_secrets(text) == ((), ())


def test_every_pod_with_a_running_proxy_is_asked_and_no_other(read):
    pods = [
        pod("meshed"),
        pod("plain", container="app"),
        pod("done", phase="Succeeded"),
        pod("ending", deletionTimestamp="now"),
        pod("waiting", phase="Pending"),
    ]
    (told,) = read(pods)
    assert told.pod == "trading/meshed"
    assert told.trusts(ROOT.certificate, OTHER.certificate)


def test_a_proxy_that_can_not_be_asked_is_told_with_kubectls_reason(read):
    (told,) = read([pod("meshed")], out="", err="warning\nError from server: container not found", status=1)
    assert not told.known
    assert told.problem == "Error from server: container not found"


def test_a_proxy_without_a_certificate_is_not_known(read):
    (told,) = read([pod("meshed")], out='{"configs": []}')
    assert not told.known
    assert "no certificate of the mesh yet" in told.problem
