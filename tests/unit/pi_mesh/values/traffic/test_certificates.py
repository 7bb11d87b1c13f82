"""cert-manager's Certificates for the listeners."""

from typing import Any

from pi_mesh.values.traffic.certificates import certificates
from tests.support.factories import make_settings

ISSUER = {"name": "lets-encrypt", "kind": "ClusterIssuer"}
TLS = {"secret": "shop", "issuer": ISSUER}


def made(**listeners: dict) -> list[dict[str, Any]]:
    """Return the Certificates of all namespaces."""
    traffic = {"gateways": listeners}
    settings = make_settings(ingress={"namespace": "edge"}, traffic=traffic, namespaces={"research": {}})
    return [one for namespace in settings.workload_namespaces for one in certificates(settings, namespace)]


def test_a_certificate_names_the_hosts_and_the_secret_in_the_gateways_namespace():
    (certificate,) = made(g={"hosts": ["shop.example"], "tls": TLS})
    assert certificate["metadata"] == {"name": "shop", "namespace": "edge"}
    assert (certificate["spec"]["secretName"], certificate["spec"]["dnsNames"]) == ("shop", ["shop.example"])
    assert certificate["spec"]["issuerRef"] == {"group": "cert-manager.io", **ISSUER}
    assert certificate["spec"]["privateKey"] == {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}


def test_listeners_that_share_a_secret_share_its_certificate():
    (certificate,) = made(g={"hosts": ["a.example", "b.example"], "tls": TLS}, h={"hosts": ["b.example"], "tls": TLS})
    assert certificate["spec"]["dnsNames"] == ["a.example", "b.example"]


def test_a_secret_of_two_namespaces_has_one_certificate():
    two = {
        "g": {"hosts": ["a.example"], "tls": TLS},
        "h": {"hosts": ["b.example"], "tls": TLS, "namespace": "research"},
    }
    (certificate,) = made(**two)
    assert certificate["spec"]["dnsNames"] == ["a.example", "b.example"]


def test_a_secret_that_somebody_else_makes_has_none():
    assert made(g={"hosts": ["shop.example"], "tls": {"secret": "shop"}}) == []


def test_a_secret_of_another_namespace_hides_no_later_one():
    first = {"hosts": ["a.example"], "tls": {**TLS, "secret": "theirs"}, "namespace": "research"}
    found = made(g=first, h={"hosts": ["b.example"], "tls": TLS})
    assert sorted(one["metadata"]["name"] for one in found) == ["shop", "theirs"]
