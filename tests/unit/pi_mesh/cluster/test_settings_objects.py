"""The Istio objects that bear on other namespaces, as read from the cluster."""

import base64

import pytest

from pi_mesh.cluster import settings_objects
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.snapshot import IngressSecret
from tests.support.authorities import make_server
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

LIMITED = {"discovery": {"limited": True}}


@pytest.fixture
def client(monkeypatch) -> FakeClient:
    made = FakeClient()
    monkeypatch.setattr(settings_objects, "Client", made)
    return made


def test_nothing_is_asked_while_istiod_watches_everything(client):
    snapshot = make_snapshot()
    assert settings_objects.with_shared_objects(snapshot, make_settings()) is snapshot
    assert client.got == []


def test_each_object_is_named_with_its_namespace(client):
    item = {"metadata": {"namespace": "shop", "name": "web"}}
    client.answers = {f"{settings_objects.API}/gateways": {"items": [item]}}
    found = settings_objects.with_shared_objects(make_snapshot(), make_settings(istio=LIMITED))
    assert found.shared_objects == (("shop", "Gateway", "web"),)


SHOP = make_server("shop.example")
SECRETS = "/api/v1/namespaces/{}/secrets/{}"
HOME = SECRETS.format("istio-system", "shop")
API = "/apis/cert-manager.io/v1"


def packed(**files: str) -> dict:
    """Return a Secret; a double underscore in a name stands for a dot."""
    data = {name.replace("__", "."): base64.b64encode(text.encode()).decode() for name, text in files.items()}
    return {"metadata": {"name": "shop"}, "data": data}


@pytest.fixture
def client_of_ingress_certificates(monkeypatch) -> FakeClient:
    made = FakeClient()
    monkeypatch.setattr(settings_objects, "Client", made)
    return made


def read(tls: dict | None = None, **settings: object):
    traffic = {"gateways": {"g": {"hosts": ["shop.example"], "tls": tls or {"secret": "shop"}}}}
    found = settings_objects.with_ingress_certificates(
        make_snapshot(), make_settings(traffic=traffic, **settings)
    ).ingress_certificates
    assert found
    return found


def secret() -> IngressSecret:
    (found,) = read().secrets
    return found


def test_nothing_is_asked_where_no_listener_has_a_certificate(client_of_ingress_certificates):
    settings = make_settings(traffic={"gateways": {"g": {}, "p": {"protocol": "TLS"}}})
    assert settings_objects.with_ingress_certificates(make_snapshot(), settings).ingress_certificates is None
    off = make_settings(traffic={"gateways": {"g": {"tls": {"secret": "shop"}}}}, ingress={"enabled": False})
    assert settings_objects.with_ingress_certificates(make_snapshot(), off).ingress_certificates is None
    assert client_of_ingress_certificates.got == []


@pytest.mark.parametrize(("cert", "key"), [("tls__crt", "tls__key"), ("cert", "key")])
def test_a_certificate_is_read_under_both_of_istios_names_and_its_key_is_not_kept(
    client_of_ingress_certificates, cert, key
):
    client_of_ingress_certificates.answers[HOME] = packed(**{cert: SHOP.pem, key: SHOP.key})
    found = secret()
    assert (found.there, found.chain, found.fits) == (True, SHOP.pem, True)
    assert "PRIVATE KEY" not in repr(found)


def test_a_key_of_another_certificate_does_not_fit(client_of_ingress_certificates):
    client_of_ingress_certificates.answers[HOME] = packed(tls__crt=SHOP.pem, tls__key=make_server("other.example").key)
    assert secret().fits is False


@pytest.mark.parametrize("files", [{"tls__crt": SHOP.pem}, {"tls__key": SHOP.key}, {"token": "x"}, {}], ids=list)
def test_a_secret_without_both_files_has_no_certificate(client_of_ingress_certificates, files):
    client_of_ingress_certificates.answers[HOME] = packed(**files)
    assert (secret().there, secret().chain) == (True, "")


def test_a_secret_in_another_namespace_is_found_there(client_of_ingress_certificates):
    client_of_ingress_certificates.answers[SECRETS.format("trading", "shop")] = packed(
        tls__crt=SHOP.pem, tls__key=SHOP.key
    )
    assert (secret().there, secret().elsewhere) == (False, ("trading",))


def test_the_gateways_own_namespace_is_read(client_of_ingress_certificates):
    client_of_ingress_certificates.answers[SECRETS.format("edge", "shop")] = packed(
        tls__crt=SHOP.pem, tls__key=SHOP.key
    )
    assert read(ingress={"namespace": "edge"}).secrets[0].there


@pytest.mark.parametrize("name", ["shop", "shop-cacert"])
def test_the_clients_ca_is_in_the_secret_or_beside_it(client_of_ingress_certificates, name):
    client_of_ingress_certificates.answers[HOME] = packed(tls__crt=SHOP.pem, tls__key=SHOP.key)
    assert secret().has_client_ca is False
    client_of_ingress_certificates.answers[SECRETS.format("istio-system", name)] = packed(
        tls__crt=SHOP.pem, tls__key=SHOP.key, ca__crt=SHOP.pem
    )
    assert secret().has_client_ca is True


def test_a_secret_that_may_not_be_read_is_not_judged(client_of_ingress_certificates):
    client_of_ingress_certificates.answers[HOME] = Forbidden("forbidden", "")
    assert secret().unreadable


@pytest.mark.parametrize(
    ("kind", "path"),
    [("Issuer", f"{API}/namespaces/istio-system/issuers/home"), ("ClusterIssuer", f"{API}/clusterissuers/home")],
)
def test_an_issuer_is_read_with_what_it_waits_for(client_of_ingress_certificates, kind, path):
    tls = {"secret": "shop", "issuer": {"name": "home", "kind": kind}}
    ((_, missing),) = read(tls).issuers
    assert missing == "is not there"
    client_of_ingress_certificates.answers[path] = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    ((issuer, problem),) = read(tls).issuers
    assert (issuer.kind, problem) == (kind, "")
