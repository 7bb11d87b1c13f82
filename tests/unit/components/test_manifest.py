"""The pull Secret of a private registry."""

import base64
import json

import pulumi
import pytest

from components import config
from pi_mesh.values import objects
from tests.support.recorder import Recording

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
