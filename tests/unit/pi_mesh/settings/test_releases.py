"""The sources of charts and images, and the names of releases."""

import pytest

from pi_mesh.settings.releases import DOCKER_HUB, ImageSettings, is_unprotected
from tests.support.findings import table
from tests.support.refusals import refusal

FTP = "ftp://charts.example"
VAULT = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}
NO_HUB = "is not a registry and organisation"
NO_REPOSITORY = "is not an https:// repository"
UNPROTECTED = ("http://charts.example", "http://10.0.0.1:8080/charts", "http://localhost.example/charts")
PROTECTED = ("http://localhost:8080", "http://127.0.0.1", ".lab/charts", "https://a.example", "oci://a.example/charts")


@table(
    ({"charts": {"source": FTP}}, NO_REPOSITORY),
    ({"observability": {"prometheus": {"enabled": True}, "charts": FTP}}, NO_REPOSITORY),
    ({"vault": {**VAULT, "certManager": {"charts": FTP}}}, NO_REPOSITORY),
    ({"charts": {"source": "https://me:made-up@charts.example"}}, "charts.source: has a login in its URL"),
    ({"charts": {"source": "https://charts.example/a?key=made-up"}}, "has a query, a fragment or dots"),
    ({"vault": {**VAULT, "address": "https://me:made-up@vault.example"}}, "vault.address: has a login"),
    ({"vault": {**VAULT, "mount": "../sys/mounts"}}, "vault.mount: "),
    ({"images": {"hub": "docker.io/istio/pilot:1.9.0"}}, "has a tag or a digest"),
    ({"images": {"hub": "docker.io/istio/pilot@sha256:00"}}, "has a tag or a digest"),
    ({"images": {"hub": "   "}}, NO_HUB),
    ({"images": {"hub": "https://registry.example/istio"}}, NO_HUB),
    ({"images": {"hub": "docker.io/istio x"}}, NO_HUB),
    ({"releases": {"names": {"base": "istiod"}}}, "releases.names: 2 releases are called 'istiod'"),
    ({"releases": {"names": {"base": "Mesh"}}}, "releases.names.base: 'Mesh': is not a name of Helm"),
    ({"releases": {"names": {"ingress": "a" * 54}}}, "at most 53 small letters"),
)
def test_what_no_chart_or_image_comes_from_and_what_helm_would_not_call_a_release_is_refused(settings, said):
    assert said in refusal(**settings)


@pytest.mark.parametrize("source", [*UNPROTECTED, *PROTECTED])
def test_plain_http_from_another_machine_is_unprotected(source):
    assert is_unprotected(source) is (source in UNPROTECTED)


@table(
    ("docker.io/istio", DOCKER_HUB),
    ("istio", DOCKER_HUB),
    ("my.istio", DOCKER_HUB),
    ("registry.lan:5000/istio", "registry.lan:5000"),
    ("localhost/istio", "localhost"),
    ("ghcr.io/home/istio", "ghcr.io"),
)
def test_a_login_is_of_the_hubs_registry(hub, registry):
    assert ImageSettings(hub=hub).registry == registry
