"""The certificates in a proxy's config dump."""

import base64

from pi_mesh.cluster.envoy_admin import secrets


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
