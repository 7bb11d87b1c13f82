"""The Issuer and the Certificate of cert-manager, as read from the cluster."""

import pytest

from pi_mesh.cluster import ca_issuer
from pi_mesh.cluster.cert_manager import SigningIssuer
from pi_mesh.cluster.errors import ClusterUnreachable
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

HOME = "/apis/cert-manager.io/v1/namespaces/istio-system"
CERTIFICATE = f"{HOME}/certificates/mesh-ca"
SECRET = "/api/v1/namespaces/istio-system/secrets/mesh-ca"


def ready(status: str = "True", generation: int = 1, **more: str) -> dict:
    return {"type": "Ready", "status": status, "observedGeneration": generation, **more}


def certificate(*conditions: dict, generation: int = 1) -> dict:
    metadata = {"generation": generation, "resourceVersion": "7"}
    return {"metadata": metadata, "status": {"revision": 3, "conditions": list(conditions)}}


@pytest.fixture
def client(monkeypatch) -> FakeClient:
    made = FakeClient()
    monkeypatch.setattr(ca_issuer, "Client", made)
    return made


def test_nothing_is_asked_where_the_settings_name_no_issuer(client):
    assert ca_issuer.seen(make_snapshot(), make_settings()).issuer is None
    assert client.got == []


@pytest.mark.parametrize(
    ("answer", "signed", "expected"),
    [
        (None, None, SigningIssuer("", "is not there")),
        ({"spec": {"ca": {}}, "status": {"conditions": [ready()]}}, {}, SigningIssuer("ca", has_signed=True)),
        (
            {"spec": {"ca": {}}, "status": {"conditions": [ready("False", message="no such secret")]}},
            None,
            SigningIssuer("ca", "no such secret"),
        ),
    ],
)
def test_an_issuer_is_looked_up_beside_istiod(client, answer, signed, expected):
    client.answers = {f"{HOME}/issuers/pi": answer, SECRET: signed}
    settings = make_settings(ca={"issuer": {"name": "pi"}})
    assert ca_issuer.seen(make_snapshot(), settings).issuer == expected


def test_a_cluster_issuer_is_looked_up_in_no_namespace(client):
    client.answers = {"/apis/cert-manager.io/v1/clusterissuers/pi": {"spec": {"vault": {}}}}
    settings = make_settings(ca={"issuer": {"name": "pi", "kind": "ClusterIssuer"}})
    found = ca_issuer.seen(make_snapshot(), settings).issuer
    assert found == SigningIssuer("vault", "cert-manager has not checked it yet")


@pytest.mark.parametrize(
    ("answer", "signed"),
    [
        (None, False),
        (certificate(), False),
        (certificate(ready("False")), False),
        (certificate(ready(), generation=2), False),
        (certificate(ready(), {"type": "Issuing", "status": "True"}), False),
        (certificate(ready()), True),
        (certificate(ready(), {"type": "Issuing", "status": "False"}), True),
    ],
)
def test_a_certificate_is_signed_when_what_it_asks_for_now_is(client, answer, signed):
    client.answers = {CERTIFICATE: answer}
    assert ca_issuer.is_signed("test", "istio-system") == signed


def test_a_renewal_is_asked_for_in_the_status_and_the_other_conditions_stay(client, monkeypatch):
    bodies: list = []
    monkeypatch.setattr(client, "patch", lambda path, body: bodies.append((path, body)))
    client.answers = {CERTIFICATE: certificate(ready(), {"type": "Issuing", "status": "False"})}
    assert ca_issuer.renew("test", "istio-system") == 3
    ((path, body),) = bodies
    assert path == f"{CERTIFICATE}/status"
    assert [(one["type"], one["status"]) for one in body["status"]["conditions"]] == [
        ("Ready", "True"), ("Issuing", "True"),
    ]  # fmt: skip
    assert body["metadata"] == {"resourceVersion": "7"}


def test_a_certificate_that_is_not_there_can_not_be_renewed(client):
    with pytest.raises(ClusterUnreachable, match="mesh-ca is not there; `pulumi up` makes it"):
        ca_issuer.renew("test", "istio-system")
    assert ca_issuer.revision("test", "istio-system") == 0
    assert client.wrote == []
