"""The objects of Istio's charts for a mesh with an external signer, and of cert-manager's issuer."""

import pytest
import yaml

from pi_mesh.inventory import Kind
from pi_mesh.values import cert_manager
from pi_mesh.values.vault import signing_role
from tests.support import charts
from tests.support.authorities import make_root
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import table
from tests.support.versions import NEWEST

KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}
ROOT = make_root().pem
SIGNER = "issuers.cert-manager.io/istio-system.mesh-ca"
OFF = {"enabled": False}


@pytest.mark.parametrize("version", charts.each())
def test_istiod_is_told_who_signs_may_approve_for_it_alone_and_gives_every_proxy_the_root(version):
    mesh = make_mesh(istio={"version": version}, vault=KEYLESS, ingress=OFF, egress=OFF, root=ROOT)
    items = charts.render(mesh.the(Kind.ISTIOD))
    pod = charts.only(items, "Deployment")["spec"]["template"]["spec"]
    told = [(entry["name"], entry["value"]) for entry in pod["containers"][0]["env"] if "value" in entry]
    providers = [entry for entry in told if entry[0] == "PILOT_CERT_PROVIDER"]
    assert providers == [("PILOT_CERT_PROVIDER", f"k8s.io/{SIGNER}")]
    assert {("EXTERNAL_CA", "ISTIOD_RA_KUBERNETES_API"), ("K8S_SIGNER", SIGNER)} <= set(told)
    assert {"name": "external-ca-cert", "configMap": {"name": "mesh-ca-root"}} in pod["volumes"]
    rules = charts.only(items, "ClusterRole", "istiod-clusterrole-istio-system")["rules"]
    (approves,) = (rule for rule in rules if rule["verbs"] == ["approve"])
    # Charts before 1.22 name Kubernetes' own old signer too.
    assert set(approves["resourceNames"]) - {"kubernetes.io/legacy-unknown"} == {SIGNER}
    injector = yaml.safe_load(charts.only(items, "ConfigMap", "istio-sidecar-injector")["data"]["config"])
    assert injector["defaultTemplates"] == ["sidecar", "mesh-root"]
    assert "path: root-cert.pem" in injector["templates"]["mesh-root"]
    config = yaml.safe_load(charts.only(items, "ConfigMap", "istio")["data"]["mesh"])
    assert config["defaultConfig"]["proxyMetadata"]["XDS_ROOT_CA"] == "/var/run/secrets/tokens/root-cert.pem"
    assert config["caCertificates"] == [{"pem": ROOT, "certSigners": [SIGNER]}]


def test_a_root_that_is_not_known_yet_is_told_to_nobody():
    assert "caCertificates" not in make_mesh(vault=KEYLESS).the(Kind.ISTIOD).values["meshConfig"]  # pyright: ignore


@pytest.mark.parametrize(("lifetime", "longest"), [("90m", 86400), ("24h", 86400), ("48h", 172800)])
def test_vault_may_sign_for_a_day_or_for_the_lifetime_if_that_is_longer(lifetime, longest):
    assert signing_role(make_settings(mtls={"certificateLifetime": lifetime})).longest == longest


def test_vault_signs_for_the_second_control_plane_too():
    both = signing_role(make_settings(istio={"canary": {"version": NEWEST, "revision": "next"}})).hosts
    assert set(both) - set(signing_role(make_settings()).hosts) == {"istiod-next.istio-system.svc"}


@table(
    ({}, None, "https://vault.vault.svc:8200", None),
    ({}, "", "https://vault.vault.svc:8200", None),
    ({"address": "http://vault.vault:8200"}, "CA", "http://vault.vault:8200", "Q0E="),
)
def test_the_issuer_calls_vault_at_its_own_address_else_at_its_service_with_the_ca_that_is_given(own, ca, server, pem):
    vault = cert_manager.issuer(make_settings(vault={**KEYLESS, "certManager": own}), ca)["spec"]["vault"]
    assert (vault["server"], vault.get("caBundle")) == (server, pem)
