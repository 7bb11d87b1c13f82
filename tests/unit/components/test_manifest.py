"""The pull Secret of a private registry."""

import base64
import json
from hashlib import sha256
from pathlib import Path

import pulumi
import pytest

from components import config
from pi_mesh.values import objects
from tests.support.recorder import Recording

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gateways.gateway.networking.k8s.io
  annotations: {gateway.networking.k8s.io/bundle-version: v1.6.3}
spec: {}
status: {conditions: []}
---
kind: ValidatingAdmissionPolicy
---
"""
LOGIN = {"hub": "registry.lan:5000/istio", "login": {"username": "pi"}}


@pytest.fixture(scope="module")
def with_login(deployed) -> Recording:
    """Return the resources of a mesh with every kind of namespace."""
    further = {"research": {}, "batch": {"injection": False}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "secret", lambda _: pulumi.Output.secret("pw"))
        return deployed(images=LOGIN, ingress={"namespace": "edge"}, namespaces=further)


def secrets(recording: Recording) -> dict[str, dict]:
    made = [one.props for one in recording.resources if one.type == "kubernetes:core/v1:Secret"]
    return {item["metadata"]["namespace"]: item for item in made}


def test_each_namespace_whose_pods_run_the_meshs_images_has_one_and_istiod_waits_for_it(with_login):
    assert secrets(with_login).keys() == {"istio-system", "edge", "trading", "research"}
    assert "registry-istio-system" in with_login.one("istiod").dependencies


def test_its_content_is_what_the_kubelet_reads_and_a_secret(with_login):
    content = objects.pull_secret_value("registry.lan:5000", "pi", "pw")
    entry = json.loads(base64.b64decode(content))["auths"]["registry.lan:5000"]
    assert entry == {"username": "pi", "password": "pw", "auth": base64.b64encode(b"pi:pw").decode()}
    assert with_login.one("registry-istio-system").secret_outputs == ("data",)


def test_a_login_without_a_password_is_refused_with_the_command_that_sets_it(deployed, monkeypatch):
    monkeypatch.setattr(config, "secret", lambda _: None)
    with pytest.raises(pulumi.RunError, match="registryPassword: is not set"):
        deployed(images=LOGIN)


def test_without_a_login_nothing_is_made(deployed):
    assert secrets(deployed()) == {}


def test_the_crds_of_the_gateway_api_are_this_stacks_stay_and_come_before_its_gateways(deployed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = Path("charts/gateway-api-1.6.3.yaml")
    file.parent.mkdir()
    file.write_text(CRD)
    crds = {"version": "1.6.3", "sha256": sha256(file.read_bytes()).hexdigest()}
    recording = deployed(gatewayApi={"crds": crds}, traffic={"gateways": {"web": {}}})
    crd = recording.one("gateway-api-gateways.gateway.networking.k8s.io")
    assert crd.type == "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    assert crd.props["metadata"]["annotations"]["pi-mesh/stack"] == "pi-mesh/test"
    assert (crd.retain_on_delete, "status" in crd.props) == (True, False)
    assert crd.name in recording.one("traffic").dependencies
    assert len(recording.of_type(crd.type)) == 1
