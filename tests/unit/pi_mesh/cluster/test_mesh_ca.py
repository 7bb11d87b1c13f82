"""The CA of the mesh as the cluster has it: files in a Secret, the lifetime of certificates, cert-manager's issuer."""

import base64
from datetime import timedelta

import pytest

from pi_mesh.cluster import mesh_ca, pods
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import SigningIssuer
from tests.support.authorities import make_root
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.snapshots import make_snapshot

ROOT = make_root().pem
ISTIO = ("test", "istio-system")
SECRETS = "/api/v1/namespaces/istio-system/secrets"
HOME = "/apis/cert-manager.io/v1/namespaces/istio-system"
CERTIFICATE, SECRET = f"{HOME}/certificates/mesh-ca", f"{SECRETS}/mesh-ca"
UNCHECKED = "cert-manager has not checked it yet"
PI, CLUSTER_WIDE = {"name": "pi"}, {"name": "pi", "kind": "ClusterIssuer"}


@pytest.fixture
def client(monkeypatch) -> FakeClient:
    monkeypatch.setattr(mesh_ca, "Client", made := FakeClient())
    return made


def packed(**files: str) -> dict:
    return {"data": {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}}


@table(
    case("no secret", None, None),
    case("an empty one", {"metadata": {}}, {}),
    case("one of type tls is read by istio's names", packed(**{"tls.crt": "C", "tls.key": "K", "ca.crt": "R"}),
        {"ca-cert.pem": "C", "ca-key.pem": "K", "cert-chain.pem": "C", "root-cert.pem": "R"}),
)  # fmt: skip
def test_the_files_of_a_secret_are_read(client, answer, files):
    client.answers = {f"{SECRETS}/mine": answer}
    assert mesh_ca.read_signing_secret(*ISTIO, "mine") == files


def pod(secret_ttl: str | None, container: str = "istio-proxy", kind: str = "containers") -> Pod:
    env = [] if secret_ttl is None else [{"name": "OTHER"}, {"name": "SECRET_TTL", "value": secret_ttl}]
    spec = {"containers": [{"name": "app"}], kind: [{"name": container, "env": env, "restartPolicy": "Always"}]}
    return pods.parse({"metadata": {"namespace": "trading", "name": "x"}, "spec": spec})


@table(
    case("Istio's default", {"pods": (pod(None),)}, 24),
    *(({"pods": (pod(ttl),)}, hours) for ttl, hours in (("2h", 2), ("90m", 1.5), ("1h30m0s", 1.5), ("24h0m0s", 24))),
    case("what is no duration", {"pods": (pod("a day"),)}, 24),
    case("the longest, native too", {"pods": (pod("2h"), pod("720h", kind="initContainers"), pod("10m"))}, 720),
    case("a pod without a proxy asks for none", {"pods": (pod("720h", container="app"),)}, 0),
    case("Istio's default, where pods may not be listed", {"unreadable": ("pods",)}, 24),
)
def test_the_longest_lifetime_is_what_the_proxies_pods_say(cluster, hours):
    assert mesh_ca.longest_lifetime(make_snapshot(**cluster)) == timedelta(hours=hours)


def test_without_secrets_no_secret_and_no_issuer_is_asked_for(client, monkeypatch):
    monkeypatch.setattr(client, "get", lambda path: client.got.append(path) or {"data": {"root-cert.pem": ROOT}})
    assert mesh_ca.read_authority(*ISTIO, secrets=False).external_signer_root == ROOT
    assert [path for path in client.got if "/secrets/" in path or "/issuers/" in path] == []


def test_a_cacerts_secret_in_the_form_of_kubernetes_is_read_too(client):
    client.answers = {f"{SECRETS}/cacerts": packed(**{"tls.crt": ROOT, "tls.key": "key", "ca.crt": ROOT})}
    assert mesh_ca.read_authority(*ISTIO).cacerts["root-cert.pem"] == ROOT


def test_what_cert_manager_holds_ready_is_read_where_the_settings_name_an_issuer(client):
    client.answers = {CERTIFICATE: {"status": {}}, SECRET: packed(**{"tls.crt": ROOT})}
    authority = mesh_ca.read_authority(*ISTIO, issued=True)
    assert (authority.issued, authority.not_issued) == (ROOT, UNCHECKED)
    assert mesh_ca.read_authority(*ISTIO).issued == ""


def ready(status: str = "True", generation: int = 1, **more: str) -> dict:
    return {"type": "Ready", "status": status, "observedGeneration": generation, **more}


def issuing(status: str) -> dict:
    return {"type": "Issuing", "status": status}


def certificate(*conditions: dict, generation: int = 1) -> dict:
    metadata = {"generation": generation, "resourceVersion": "7"}
    return {"metadata": metadata, "status": {"revision": 3, "conditions": list(conditions)}}


def issuer(kind: str, *conditions: dict) -> dict:
    return {"spec": {kind: {}}, "status": {"conditions": list(conditions)}}


@table(
    (None, {}, None),
    (PI, {}, SigningIssuer("", "is not there")),
    (PI, {f"{HOME}/issuers/pi": issuer("ca", ready()), SECRET: {}}, SigningIssuer("ca", has_signed=True)),
    (PI, {f"{HOME}/issuers/pi": issuer("ca", ready("False", message="no key"))}, SigningIssuer("ca", "no key")),
    (CLUSTER_WIDE, {"/apis/cert-manager.io/v1/clusterissuers/pi": issuer("vault")}, SigningIssuer("vault", UNCHECKED)),
)
def test_an_issuer_is_looked_up_beside_istiod_and_a_cluster_issuer_in_no_namespace(client, setting, answers, read):
    client.answers = answers
    settings = make_settings(ca={"issuer": setting} if setting else {})
    assert mesh_ca.with_ca_issuer(make_snapshot(), settings).issuer == read
    assert (client.got == []) is (setting is None)


@table(
    (None, False),
    (certificate(), False),
    (certificate(ready("False")), False),
    (certificate(ready(), generation=2), False),
    (certificate(ready(), issuing("True")), False),
    (certificate(ready()), True),
    (certificate(ready(), issuing("False")), True),
)
def test_a_certificate_is_signed_when_what_it_asks_for_now_is(client, answer, signed):
    client.answers = {CERTIFICATE: answer}
    assert mesh_ca.is_certificate_signed(*ISTIO) == signed


def test_a_renewal_is_asked_for_in_the_status_and_the_other_conditions_stay(client):
    client.answers = {CERTIFICATE: certificate(ready(), issuing("False"))}
    assert mesh_ca.renew_certificate(*ISTIO) == 3
    (body,) = client.bodies
    assert client.wrote == [("patch", f"{CERTIFICATE}/status")]
    conditions = [(condition["type"], condition["status"]) for condition in body["status"]["conditions"]]
    assert conditions == [("Ready", "True"), ("Issuing", "True")]
    assert body["metadata"] == {"resourceVersion": "7"}


def test_a_certificate_that_is_not_there_can_not_be_renewed(client):
    with pytest.raises(ClusterUnreachable, match="mesh-ca is not there; `pulumi up` makes it"):
        mesh_ca.renew_certificate(*ISTIO)
    assert (mesh_ca.certificate_revision(*ISTIO), client.wrote) == (0, [])
