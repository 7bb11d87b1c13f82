"""The files of a CA in a Secret."""

import base64
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from types import SimpleNamespace

import pytest

from pi_mesh.cluster import mesh_ca, pods
from pi_mesh.cluster.cert_manager import SigningIssuer
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.pods import Pod
from tests.support.authorities import make_root
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

PATH = "/api/v1/namespaces/istio-system/secrets/mine"


def test_a_secret_of_type_tls_is_read_by_istios_names(monkeypatch):
    data = {name: base64.b64encode(name.encode()).decode() for name in ("tls.crt", "tls.key", "ca.crt")}
    monkeypatch.setattr(mesh_ca, "Client", FakeClient({PATH: {"data": data}}))
    assert mesh_ca.read_signing_secret("test", "istio-system", "mine") == {
        "ca-cert.pem": "tls.crt",
        "ca-key.pem": "tls.key",
        "cert-chain.pem": "tls.crt",
        "root-cert.pem": "ca.crt",
    }


@pytest.mark.parametrize(("answer", "files"), [(None, None), ({"metadata": {}}, {})])
def test_no_secret_and_an_empty_one_are_told_apart(monkeypatch, answer, files):
    monkeypatch.setattr(mesh_ca, "Client", FakeClient({PATH: answer}))
    assert mesh_ca.read_signing_secret("test", "istio-system", "mine") == files


def pod(secret_ttl: str | None, container: str = "istio-proxy", kind: str = "containers") -> Pod:
    env = [] if secret_ttl is None else [{"name": "OTHER"}, {"name": "SECRET_TTL", "value": secret_ttl}]
    spec = {"containers": [{"name": "app"}], kind: [{"name": container, "env": env, "restartPolicy": "Always"}]}
    return pods.parse({"metadata": {"namespace": "trading", "name": "x"}, "spec": spec})


def longest(*running: Pod) -> timedelta:
    return mesh_ca.longest_lifetime(make_snapshot(pods=running))


@pytest.mark.parametrize(
    ("secret_ttl", "hours"), [("2h", 2), ("90m", 1.5), ("1h30m0s", 1.5), ("24h0m0s", 24), (None, 24), ("a day", 24)]
)
def test_a_proxy_asks_for_what_its_own_pod_says(secret_ttl, hours):
    assert longest(pod(secret_ttl)) == timedelta(hours=hours)


def test_the_longest_counts_and_a_native_sidecar_too():
    assert longest(pod("2h"), pod("720h", kind="initContainers"), pod("10m")) == timedelta(days=30)


def test_a_pod_without_a_proxy_asks_for_none():
    assert longest(pod("720h", container="app")) == timedelta()


def test_where_pods_may_not_be_listed_istios_default_counts():
    assert mesh_ca.longest_lifetime(make_snapshot(unreadable=("pods",))) == timedelta(hours=24)


ROOT = make_root().pem


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[..., mesh_ca.Authority]:
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

    def of(**files: str) -> mesh_ca.Authority:
        Client.files = {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}
        monkeypatch.setattr(mesh_ca, "Client", Client)
        return mesh_ca.read_authority("test", "istio-system")

    return of


def test_without_secrets_no_secret_and_no_issuer_is_asked_for(monkeypatch):
    asked: list[str] = []
    client = SimpleNamespace(get=lambda path: asked.append(path) or {"data": {"root-cert.pem": ROOT}})
    monkeypatch.setattr(mesh_ca, "Client", lambda _: nullcontext(client))
    assert mesh_ca.read_authority("test", "istio-system", secrets=False).external_signer_root == ROOT
    assert not [path for path in asked if "/secrets/" in path or "/issuers/" in path]


def test_a_cacerts_secret_in_the_form_of_kubernetes_is_read_too(read):
    assert read(**{"tls.crt": ROOT, "tls.key": "key", "ca.crt": ROOT}).cacerts != {}


def test_what_cert_manager_holds_ready_is_read_where_the_settings_name_an_issuer(monkeypatch):
    home = "/apis/cert-manager.io/v1/namespaces/istio-system/certificates/mesh-ca"
    content = {"data": {"tls.crt": base64.b64encode(ROOT.encode()).decode()}}
    client = FakeClient({home: {"status": {}}, "/api/v1/namespaces/istio-system/secrets/mesh-ca": content})
    monkeypatch.setattr(mesh_ca, "Client", client)
    found = mesh_ca.read_authority("test", "istio-system", issued=True)
    assert (found.issued, found.not_issued) == (ROOT, "cert-manager has not checked it yet")
    assert mesh_ca.read_authority("test", "istio-system").issued == ""


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
    monkeypatch.setattr(mesh_ca, "Client", made)
    return made


def test_nothing_is_asked_where_the_settings_name_no_issuer(client):
    assert mesh_ca.with_ca_issuer(make_snapshot(), make_settings()).issuer is None
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
    assert mesh_ca.with_ca_issuer(make_snapshot(), settings).issuer == expected


def test_a_cluster_issuer_is_looked_up_in_no_namespace(client):
    client.answers = {"/apis/cert-manager.io/v1/clusterissuers/pi": {"spec": {"vault": {}}}}
    settings = make_settings(ca={"issuer": {"name": "pi", "kind": "ClusterIssuer"}})
    found = mesh_ca.with_ca_issuer(make_snapshot(), settings).issuer
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
    assert mesh_ca.is_certificate_signed("test", "istio-system") == signed


def test_a_renewal_is_asked_for_in_the_status_and_the_other_conditions_stay(client, monkeypatch):
    bodies: list = []
    monkeypatch.setattr(client, "patch", lambda path, body: bodies.append((path, body)))
    client.answers = {CERTIFICATE: certificate(ready(), {"type": "Issuing", "status": "False"})}
    assert mesh_ca.renew_certificate("test", "istio-system") == 3
    ((path, body),) = bodies
    assert path == f"{CERTIFICATE}/status"
    assert [(one["type"], one["status"]) for one in body["status"]["conditions"]] == [
        ("Ready", "True"), ("Issuing", "True"),
    ]  # fmt: skip
    assert body["metadata"] == {"resourceVersion": "7"}


def test_a_certificate_that_is_not_there_can_not_be_renewed(client):
    with pytest.raises(ClusterUnreachable, match="mesh-ca is not there; `pulumi up` makes it"):
        mesh_ca.renew_certificate("test", "istio-system")
    assert mesh_ca.certificate_revision("test", "istio-system") == 0
    assert client.wrote == []
