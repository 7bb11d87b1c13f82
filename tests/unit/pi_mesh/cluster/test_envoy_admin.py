"""The certificates in a proxy's config dump, and the endpoints that it has."""

import base64
from contextlib import nullcontext

from pi_mesh.cluster import envoy_admin
from pi_mesh.cluster.envoy_admin import endpoints, secrets


def inline(text: str) -> dict[str, str]:
    return {"inline_bytes": base64.b64encode(text.encode()).decode()}


DUMP = {
    "configs": [
        {"name": "default", "secret": {"tls_certificate": {"certificate_chain": inline("CHAIN")}}},
        {"name": "ROOTCA", "secret": {"validation_context": {"trusted_ca": inline("ROOTS")}}},
        {"name": "kubernetes://shop", "secret": {"tls_certificate": {"certificate_chain": inline("SHOP")}}},
    ]
}


def test_the_workloads_own_chain_and_roots_are_returned():
    assert secrets(DUMP) == ("CHAIN", "ROOTS")


def test_a_proxy_without_certificates_has_empty_texts():
    assert secrets({}) == ("", "")


def test_the_endpoints_of_one_cluster_are_returned_and_none_of_a_cluster_that_is_not_there(monkeypatch):
    known = {"cluster_statuses": [{"name": "outbound|80||app", "host_statuses": [{"weight": 1}]}, {"name": "empty"}]}
    monkeypatch.setattr(envoy_admin, "forwarded", lambda *_: nullcontext("127.0.0.1:1"))
    monkeypatch.setattr(envoy_admin, "get_json", lambda _, path: known if path == "/clusters?format=json" else {})
    assert endpoints("test", "shop", "client-0", "outbound|80||app") == [{"weight": 1}]
    assert endpoints("test", "shop", "client-0", "empty") == []
    assert endpoints("test", "shop", "client-0", "outbound|80||gone") is None
