"""The external signer, with the CA's key in Vault: the registered resources, their order, and no key anywhere."""

import pulumi
import pytest

from components import mesh
from components.ca import program
from pi_mesh.catalog import cert_manager
from pi_mesh.cluster.mesh_ca import Authority
from tests.support import authorities
from tests.support.factories import make_settings
from tests.support.recorder import RELEASE, Recording, record
from tests.support.snapshots import make_snapshot
from tests.support.vault_program import KEYLESS, MADE, ROOT, SECRET, SIGNING, live, plug_in
from tests.support.vault_server import GOOD_TOKEN, vault_server

ISSUER, SIGNER = "mesh-signer-issuer-mesh-ca", "issuers.cert-manager.io/istio-system.mesh-ca"


def keyless(now: Authority | None = None, **vault: object) -> Recording:
    """Return the resources of the CA's part of the program in this mode."""
    return plug_in(now, outputs=KEYLESS, key="internal", allowHttp=True, **vault)


@pytest.fixture
def deployed(monkeypatch):
    """Return `deployed(vault, outputs, **snapshot)`: run the whole program on such a cluster."""

    def run(vault: dict, outputs: dict = KEYLESS, **snapshot: object) -> Recording:
        monkeypatch.setenv("VAULT_TOKEN", GOOD_TOKEN)
        monkeypatch.setattr("pi_mesh.cluster.snapshot.read", lambda *_, **__: make_snapshot(**snapshot))
        authority = live(ROOT) if snapshot else Authority()
        monkeypatch.setattr("pi_mesh.cluster.mesh_ca.read_authority", lambda *_: authority)
        monkeypatch.setattr("pi_mesh.cluster.load_balancers.read_exposure", lambda *_: "")
        with vault_server(ROOT.pem) as address:
            settings = make_settings(vault={"enabled": True, "address": address, "allowHttp": True, **vault})
            return record(lambda: mesh.deploy(settings), outputs=outputs)

    return run


def test_the_key_stays_in_vault_and_no_secret_is_made():
    recording = keyless()
    assert recording.one("mesh-ca-request-1").props["type"] == "internal"
    assert recording.of_type(SECRET) == []


def test_vault_signs_identities_and_istiods_own_names_for_a_day_and_nothing_else():
    role = keyless().one("mesh-ca-istiod-role").props
    assert (role["name"], role["keyType"], role["maxTtl"], role["noStore"]) == ("mesh-istiod", "any", "86400", True)
    assert role["allowedUriSans"] == ["spiffe://cluster.local/ns/*/sa/*"]
    assert role["allowedDomains"] == [f"{name}.istio-system.svc" for name in ("istiod", "istiod-remote", "istio-pilot")]
    assert "allowAnyName" not in role
    refused = ("allowIpSans", "allowLocalhost", "allowWildcardCertificates")
    assert {name: role.get(name) for name in refused} == dict.fromkeys(refused, False)


def test_cert_manager_logs_in_by_a_service_account_and_its_stored_secrets_are_none():
    spec = keyless(certManager={"address": "http://10.250.0.1:8200"}).one(ISSUER).props["spec"]["vault"]
    assert (spec["server"], spec["path"]) == ("http://10.250.0.1:8200", "pki_int/sign/mesh-istiod")
    login = {"mountPath": "/v1/auth/jwt", "role": "pi-mesh", "serviceAccountRef": {"name": "mesh-ca"}}
    assert spec["auth"] == {"kubernetes": login}


def test_the_issuer_comes_when_the_ca_cert_manager_and_its_rights_are_there():
    recording = keyless()
    waited_for = {"cert-manager-release", "mesh-ca-default-issuer", "mesh-ca-istiod-role"}
    assert waited_for <= recording.one("mesh-signer").dependencies
    before = recording.one(ISSUER).dependencies
    assert {"mesh-signer-serviceaccount-mesh-ca", "mesh-signer-rolebinding-mesh-ca-login"} <= before


def test_vaults_own_tls_ca_goes_along(tmp_path, monkeypatch):
    monkeypatch.setattr("pi_mesh.vault.ssl.create_default_context", lambda **_: True)
    file = tmp_path / "ca.pem"
    file.write_text(ROOT.pem)
    assert keyless(caFile=str(file)).one(ISSUER).props["spec"]["vault"]["caBundle"]


def test_one_pod_is_installed_and_only_istiods_requests_are_signed():
    (release,) = keyless().of_type(RELEASE)
    values = release.props["values"]
    assert (release.props["version"], release.props["namespace"]) == (cert_manager.VERSION, "cert-manager")
    assert (values["webhook"]["replicaCount"], values["cainjector"]["enabled"]) == (0, False)
    (unseen,) = values["webhook"]["validatingWebhookConfiguration"]["namespaceSelector"]["matchExpressions"]
    assert (unseen["operator"], unseen["values"]) == ("NotIn", ["istio-system"])
    assert values["disableAutoApproval"]
    assert "ExperimentalCertificateSigningRequestControllers=true" in values["featureGates"]


def test_a_cluster_that_has_cert_manager_keeps_its_own():
    recording = keyless(certManager={"install": False, "namespace": "tls", "serviceAccount": "cm"})
    assert recording.of_type(RELEASE) == []
    (subject,) = recording.one("mesh-signer-rolebinding-mesh-ca-login").props["subjects"]
    assert (subject["namespace"], subject["name"]) == ("tls", "cm")


def test_a_chain_that_does_not_verify_reaches_no_istiod():
    with pytest.raises(pulumi.RunError, match=r"^vault: "):
        program._chain(SIGNING.pem + authorities.make_root("other").pem)


def test_a_root_that_no_workload_trusts_is_refused_in_this_mode_too():
    other = authorities.make_root("elsewhere")
    with pytest.raises(Exception, match="in one step from 'elsewhere'"):
        keyless(Authority(other.pem, external_signer_root=other.pem), preview=True)


def test_from_one_mode_to_the_other_the_root_stays_and_nothing_is_announced():
    assert keyless(live(ROOT)).logs == []
    assert plug_in(Authority(ROOT.pem, external_signer_root=ROOT.pem)).logs == []


def test_switched_off_the_change_of_the_root_is_announced():
    recording = plug_in(Authority(ROOT.pem, external_signer_root=ROOT.pem), enabled=False, address=None)
    assert recording.resources == []
    assert "changes from 'root'" in recording.logs[0]


def test_istiod_comes_last_and_knows_the_root_and_its_signer(deployed):
    recording = deployed({"key": "internal"})
    assert ISSUER in recording.one("istiod").dependencies
    mesh_config = recording.one("istiod-release").props["values"]["meshConfig"]
    assert mesh_config["caCertificates"] == [{"pem": ROOT.pem, "certSigners": [SIGNER]}]


def test_a_key_from_the_other_mode_goes_when_istiod_has_vault_sign(deployed):
    recording = deployed({"key": "internal"}, external_ca=("istio-system",))
    assert "data" not in recording.one("cacerts-secret").props
    assert "istiod-release" in recording.one("cacerts").dependencies


def test_with_an_exported_key_nothing_of_this_mode_is_there(deployed):
    recording = deployed({"certManager": {"address": "http://10.250.0.1:8200"}}, outputs=MADE)
    assert "cert-manager" not in {release.props["name"] for release in recording.of_type(RELEASE)}
    assert not [item for item in recording.resources if "mesh-ca-issuer" in item.name or "istiod-role" in item.name]
    assert "EXTERNAL_CA" not in str(recording.one("istiod-release").props)
