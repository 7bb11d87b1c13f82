"""The Istio objects that bear on other namespaces, and the ingress gateway's certificates, as read from the cluster."""

import base64

import pytest

from pi_mesh.cluster import settings_objects
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.snapshot import IngressSecret
from tests.support.authorities import make_server
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.snapshots import make_snapshot

LISTENER = {"hosts": ["shop.example"], "tls": {"secret": "shop"}}
SHOP, OTHER = make_server("shop.example"), make_server("other.example")
SECRETS = "/api/v1/namespaces/{}/secrets/{}"
HOME = SECRETS.format("istio-system", "shop")
API = "/apis/cert-manager.io/v1"


@pytest.fixture
def client(monkeypatch) -> FakeClient:
    monkeypatch.setattr(settings_objects, "Client", made := FakeClient())
    return made


def packed(**files: str) -> dict:
    """Return a Secret; a double underscore in a name stands for a dot."""
    data = {name.replace("__", "."): base64.b64encode(text.encode()).decode() for name, text in files.items()}
    return {"metadata": {"name": "shop"}, "data": data}


SERVED = packed(tls__crt=SHOP.pem, tls__key=SHOP.key)
WITH_CA = packed(tls__crt=SHOP.pem, tls__key=SHOP.key, ca__crt=SHOP.pem)


def read(listener: dict = LISTENER, **settings: object):
    given = make_settings(traffic={"gateways": {"g": listener}}, **settings)
    return settings_objects.with_ingress_certificates(make_snapshot(), given).ingress_certificates


def secret(**settings: object) -> IngressSecret:
    (only,) = read(**settings).secrets
    return only


def test_nothing_is_asked_while_istiod_watches_everything_and_no_listener_has_a_certificate(client):
    snapshot = make_snapshot()
    assert settings_objects.with_shared_objects(snapshot, make_settings()) is snapshot
    assert read({}) is read({"protocol": "TLS"}) is read(ingress={"enabled": False}) is None
    assert client.got == []


def test_each_object_is_named_with_its_namespace(client):
    client.answers = {f"{settings_objects.API}/gateways": {"items": [{"metadata": {"namespace": "shop", "name": "w"}}]}}
    limited = make_settings(istio={"discovery": {"limited": True}})
    snapshot = settings_objects.with_shared_objects(make_snapshot(), limited)
    assert snapshot.shared_objects == (("shop", "Gateway", "w"),)


@table(
    (SERVED, True, SHOP.pem, True),
    case("istio's other names", packed(cert=SHOP.pem, key=SHOP.key), True, SHOP.pem, True),
    case("another key", packed(tls__crt=SHOP.pem, tls__key=OTHER.key), True, SHOP.pem, False),
    *((packed(**files), True, "", None) for files in ({"tls__crt": SHOP.pem}, {"tls__key": SHOP.key}, {"t": "x"}, {})),
)
def test_a_certificate_is_read_under_both_of_istios_names_and_its_key_is_not_kept(client, answer, there, chain, fits):
    client.answers = {HOME: answer}
    assert (secret().there, secret().chain) == (there, chain)
    assert fits is None or secret().fits is fits
    assert "PRIVATE KEY" not in repr(secret())


def test_a_secret_is_read_in_the_gateways_namespace_and_in_another_only_to_say_so(client):
    client.answers = {SECRETS.format("trading", "shop"): SERVED, SECRETS.format("edge", "shop"): SERVED}
    assert (secret().there, secret().elsewhere) == (False, ("trading",))
    assert secret(ingress={"namespace": "edge"}).there is True


def test_the_client_certificate_of_a_host_outside_is_read_in_the_egress_gateways_namespace(client):
    client.answers = {HOME: WITH_CA}
    tls = {"hosts": ["fix.broker.example"], "protocol": "TCP", "port": 9898, "tls": {"secret": "shop"}}
    given = {"traffic": {"external": {"broker": {**tls, "throughGateway": True}}}}
    read = settings_objects.with_ingress_certificates(make_snapshot(), make_settings(**given)).ingress_certificates
    assert (read.secrets, [(entry.chain, entry.has_client_ca) for entry in read.egress]) == ((), [(SHOP.pem, True)])
    without = make_settings(**given, egress={"enabled": False})
    assert settings_objects.with_ingress_certificates(make_snapshot(), without).ingress_certificates is None


@pytest.mark.parametrize("name", ["shop", "shop-cacert"])
def test_the_clients_ca_is_in_the_secret_or_beside_it(client, name):
    client.answers = {HOME: SERVED}
    assert secret().has_client_ca is False
    client.answers[SECRETS.format("istio-system", name)] = WITH_CA
    assert secret().has_client_ca is True


def test_a_secret_that_may_not_be_read_is_not_judged(client):
    client.answers = {HOME: Forbidden("forbidden", "")}
    assert secret().unreadable is True


@table(("Issuer", "namespaces/istio-system/issuers/home"), ("ClusterIssuer", "clusterissuers/home"))
def test_an_issuer_is_read_with_what_it_waits_for(client, kind, path):
    listener = {**LISTENER, "tls": {"secret": "shop", "issuer": {"name": "home", "kind": kind}}}
    assert [missing for _, missing in read(listener).issuers] == ["is not there"]
    client.answers[f"{API}/{path}"] = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    assert [(issuer.kind, problem) for issuer, problem in read(listener).issuers] == [(kind, "")]
