"""The pull Secret of a private registry."""

import base64
import json

import pulumi
import pytest

from components import config, mesh
from pi_mesh.values import objects
from tests.support.factories import make_settings
from tests.support.recorder import Recording, record

LOGIN = {"hub": "registry.lan:5000/istio", "login": {"username": "pi"}}


@pytest.fixture
def deployed(monkeypatch):
    """`deployed(password, **settings)`: what a preview without a cluster registers."""

    def run(password: str | None, **settings: object) -> Recording:
        monkeypatch.setattr(config, "secret", lambda _: pulumi.Output.secret(password) if password else None)
        monkeypatch.setattr(mesh, "guard", lambda *_: None)
        return record(lambda: mesh.deploy(make_settings(images=LOGIN, **settings)), preview=True)

    return run


def secrets(recording: Recording) -> dict[str, dict]:
    made = [one.props for one in recording.resources if one.type == "kubernetes:core/v1:Secret"]
    return {item["metadata"]["namespace"]: item for item in made}


def test_each_namespace_whose_pods_run_the_meshs_images_has_one(deployed):
    assert secrets(deployed("pw")).keys() == {"istio-system", "trading"}
    assert secrets(deployed("pw", ingress={"namespace": "edge"})).keys() == {"istio-system", "edge", "trading"}
    further = {"research": {}, "batch": {"injection": False}}
    assert secrets(deployed("pw", namespaces=further)).keys() == {"istio-system", "trading", "research"}


def test_istiod_waits_for_it(deployed):
    assert "registry-istio-system" in deployed("pw").one("istiod").dependencies


def test_its_content_is_what_the_kubelet_reads_and_a_secret(deployed):
    content = objects.pull_secret_value("registry.lan:5000", "pi", "pw")
    entry = json.loads(base64.b64decode(content))["auths"]["registry.lan:5000"]
    assert entry == {"username": "pi", "password": "pw", "auth": base64.b64encode(b"pi:pw").decode()}
    assert deployed("pw").one("registry-istio-system").secret_outputs == ("data",)


def test_a_login_without_a_password_is_refused_with_the_command_that_sets_it(deployed):
    with pytest.raises(pulumi.RunError, match="registryPassword: is not set"):
        deployed(None)


def test_without_a_login_nothing_is_made(monkeypatch):
    monkeypatch.setattr(mesh, "guard", lambda *_: None)
    assert secrets(record(lambda: mesh.deploy(make_settings()), preview=True)) == {}
