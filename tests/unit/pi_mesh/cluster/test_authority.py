"""The CA of the mesh, as read from the cluster."""

import base64
from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from pi_mesh.cluster import authority
from tests.support.authorities import make_root
from tests.support.fake_client import FakeClient

ROOT = make_root().pem


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[..., authority.Authority]:
    """Return `read(cacerts)`: the mesh's authority where the Secret `cacerts` holds these files."""

    class Client:
        def __init__(self, _: str) -> None:
            self.cacerts: dict[str, str] = {}

        def __enter__(self) -> "Client":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def get(self, path: str) -> dict | None:
            return {"data": Client.files} if path.endswith("/secrets/cacerts") else None

        files: dict[str, str] = {}

    def of(**files: str) -> authority.Authority:
        Client.files = {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}
        monkeypatch.setattr(authority, "Client", Client)
        return authority.read("test", "istio-system")

    return of


def test_without_secrets_no_secret_and_no_issuer_is_asked_for(monkeypatch):
    asked: list[str] = []
    client = SimpleNamespace(get=lambda path: asked.append(path) or {"data": {"root-cert.pem": ROOT}})
    monkeypatch.setattr(authority, "Client", lambda _: nullcontext(client))
    assert authority.read("test", "istio-system", secrets=False).external_signer_root == ROOT
    assert not [path for path in asked if "/secrets/" in path or "/issuers/" in path]


def test_a_cacerts_secret_in_the_form_of_kubernetes_is_read_too(read):
    assert read(**{"tls.crt": ROOT, "tls.key": "key", "ca.crt": ROOT}).cacerts != {}


def test_what_cert_manager_holds_ready_is_read_where_the_settings_name_an_issuer(monkeypatch):
    home = "/apis/cert-manager.io/v1/namespaces/istio-system/certificates/mesh-ca"
    content = {"data": {"tls.crt": base64.b64encode(ROOT.encode()).decode()}}
    client = FakeClient({home: {"status": {}}, "/api/v1/namespaces/istio-system/secrets/mesh-ca": content})
    monkeypatch.setattr(authority, "Client", client)
    found = authority.read("test", "istio-system", issued=True)
    assert (found.issued, found.not_issued) == (ROOT, "cert-manager has not checked it yet")
    assert authority.read("test", "istio-system").issued == ""
