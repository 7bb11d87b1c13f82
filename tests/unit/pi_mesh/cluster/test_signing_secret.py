"""The files of a CA in a Secret."""

import base64

import pytest

from pi_mesh.cluster import signing_secret
from tests.support.fake_client import FakeClient

PATH = "/api/v1/namespaces/istio-system/secrets/mine"


def test_a_secret_of_type_tls_is_read_by_istios_names(monkeypatch):
    data = {name: base64.b64encode(name.encode()).decode() for name in ("tls.crt", "tls.key", "ca.crt")}
    monkeypatch.setattr(signing_secret, "Client", FakeClient({PATH: {"data": data}}))
    assert signing_secret.read("test", "istio-system", "mine") == {
        "ca-cert.pem": "tls.crt",
        "ca-key.pem": "tls.key",
        "cert-chain.pem": "tls.crt",
        "root-cert.pem": "ca.crt",
    }


@pytest.mark.parametrize(("answer", "files"), [(None, None), ({"metadata": {}}, {})])
def test_no_secret_and_an_empty_one_are_told_apart(monkeypatch, answer, files):
    monkeypatch.setattr(signing_secret, "Client", FakeClient({PATH: answer}))
    assert signing_secret.read("test", "istio-system", "mine") == files
