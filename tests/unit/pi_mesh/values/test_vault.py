"""The objects of Istio's charts for a mesh with an external signer."""

import pytest
import yaml

from pi_mesh import inventory
from pi_mesh.inventory import Kind
from pi_mesh.values.vault import signing_role
from tests.support import charts
from tests.support.authorities import make_root
from tests.support.factories import make_settings

KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}


ROOT = make_root().pem


SIGNER = "issuers.cert-manager.io/istio-system.mesh-ca"


@pytest.fixture(params=charts.each())
def istiod(request) -> list[dict]:
    """Return the objects of istiod's chart, in each version."""
    off = {"enabled": False}
    settings = make_settings(istio={"version": request.param}, vault=KEYLESS, ingress=off, egress=off)
    return charts.render(inventory.mesh_inventory(settings, root=ROOT).the(Kind.ISTIOD))


def test_istiod_is_told_once_who_signs_and_mounts_the_root(istiod):
    pod = charts.only(istiod, "Deployment")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    told = [(one["name"], one["value"]) for one in container["env"] if "value" in one]
    assert [one for one in told if one[0] == "PILOT_CERT_PROVIDER"] == [("PILOT_CERT_PROVIDER", f"k8s.io/{SIGNER}")]
    assert {("EXTERNAL_CA", "ISTIOD_RA_KUBERNETES_API"), ("K8S_SIGNER", SIGNER)} <= set(told)
    assert {"name": "external-ca-cert", "configMap": {"name": "mesh-ca-root"}} in pod["volumes"]


def test_istiod_may_approve_requests_to_this_signer_alone(istiod):
    rules = charts.only(istiod, "ClusterRole", "istiod-clusterrole-istio-system")["rules"]
    (approves,) = (rule for rule in rules if rule["verbs"] == ["approve"])
    # Charts before 1.22 name Kubernetes' own old signer too.
    assert set(approves["resourceNames"]) - {"kubernetes.io/legacy-unknown"} == {SIGNER}


def test_every_proxy_gets_the_root_by_which_it_knows_istiod(istiod):
    injector = yaml.safe_load(charts.only(istiod, "ConfigMap", "istio-sidecar-injector")["data"]["config"])
    assert injector["defaultTemplates"] == ["sidecar", "mesh-root"]
    assert "path: root-cert.pem" in injector["templates"]["mesh-root"]
    mesh = yaml.safe_load(charts.only(istiod, "ConfigMap", "istio")["data"]["mesh"])
    assert mesh["defaultConfig"]["proxyMetadata"]["XDS_ROOT_CA"] == "/var/run/secrets/tokens/root-cert.pem"
    assert mesh["caCertificates"] == [{"pem": ROOT, "certSigners": [SIGNER]}]


@pytest.mark.parametrize(("vault", "templates"), [(KEYLESS, "gateway,mesh-root"), ({}, None)])
def test_gateways_get_the_root_by_which_they_know_istiod_too(vault, templates):
    for gateway in inventory.mesh_inventory(make_settings(vault=vault)).of_kind(Kind.GATEWAY):
        assert gateway.values["podAnnotations"].get("inject.istio.io/templates") == templates


@pytest.mark.parametrize(("lifetime", "longest"), [("2h", 86400), ("90m", 86400), ("48h", 172800)])
def test_vaults_role_lets_certificates_live_as_long_as_the_settings_say(lifetime, longest):
    assert signing_role(make_settings(mtls={"certificateLifetime": lifetime})).longest == longest


def test_vault_signs_for_the_second_control_plane_too():
    canary = {"version": "1.31.0", "revision": "next"}
    both = signing_role(make_settings(istio={"canary": canary})).hosts
    assert set(both) - set(signing_role(make_settings()).hosts) == {"istiod-next.istio-system.svc"}


@pytest.mark.parametrize(("lifetime", "longest"), [("2h", 86400), ("24h", 86400), ("48h", 172800)])
def test_vault_may_sign_for_a_day_or_for_the_lifetime_if_that_is_longer(lifetime, longest):
    assert signing_role(make_settings(vault=KEYLESS, mtls={"certificateLifetime": lifetime})).longest == longest


def test_a_root_that_is_not_known_yet_is_told_to_nobody():
    values = inventory.mesh_inventory(make_settings(vault=KEYLESS)).the(Kind.ISTIOD).values
    assert "caCertificates" not in values["meshConfig"]  # pyright: ignore[reportOperatorIssue]
