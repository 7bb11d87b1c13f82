"""The sources of charts."""

from typing import Any

import pytest

from pi_mesh import inventory
from pi_mesh.inventory import Inventory, Kind
from pi_mesh.settings import SettingsError
from pi_mesh.settings.releases import DOCKER_HUB, ImageSettings, is_unprotected
from tests.support import charts
from tests.support.factories import make_settings

VAULT = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}


@pytest.mark.parametrize(
    "settings",
    [
        {"charts": {"source": "ftp://charts.example"}},
        {"observability": {"prometheus": {"enabled": True}, "charts": "ftp://charts.example"}},
        {"vault": {**VAULT, "certManager": {"charts": "ftp://charts.example"}}},
    ],
    ids=["Istio", "observability", "cert-manager"],
)
def test_a_source_that_no_chart_can_come_from_is_refused_for_every_chart(settings):
    with pytest.raises(SettingsError, match="is not an https:// repository"):
        make_settings(**settings)


@pytest.mark.parametrize(
    ("source", "unprotected"),
    [
        ("http://charts.example", True),
        ("http://10.0.0.1:8080/charts", True),
        ("http://localhost.example/charts", True),
        ("http://localhost:8080", False),
        ("http://127.0.0.1", False),
        ("https://charts.example", False),
        ("oci://registry.example/charts", False),
        (".lab/charts", False),
    ],
)
def test_plain_http_from_another_machine_is_unprotected(source, unprotected):
    assert is_unprotected(source) is unprotected


@pytest.mark.parametrize("hub", ["   ", "https://registry.example/istio", "docker.io/istio x"])
def test_a_hub_that_no_image_can_come_from_is_refused(hub):
    with pytest.raises(SettingsError, match="is not a registry and organisation"):
        make_settings(images={"hub": hub})


DIGEST = f"sha256:{'0' * 64}"


def mesh(version: str, **images: object) -> Inventory:
    return inventory.mesh_inventory(make_settings(istio={"version": version}, images=images))


def rendered(version: str, **images: object) -> list[dict[str, Any]]:
    return charts.render(mesh(version, **images).the(Kind.ISTIOD))


@pytest.mark.parametrize(
    ("hub", "registry"),
    [
        ("docker.io/istio", DOCKER_HUB),
        ("istio", DOCKER_HUB),
        ("my.istio", DOCKER_HUB),
        ("registry.lan:5000/istio", "registry.lan:5000"),
        ("localhost/istio", "localhost"),
        ("ghcr.io/home/istio", "ghcr.io"),
    ],
)
def test_a_login_is_of_the_hubs_registry(hub, registry):
    assert ImageSettings(hub=hub).registry == registry


@pytest.mark.parametrize("version", charts.each())
def test_pull_secrets_reach_istiod_and_the_sidecars(version):
    items = rendered(version, pullSecrets=["mirror"])
    accounts = [item for item in items if item["kind"] == "ServiceAccount" and item["metadata"]["name"] == "istiod"]
    assert [account["imagePullSecrets"] for account in accounts] == [[{"name": "mirror"}]]
    (injector,) = [item for item in items if item["metadata"]["name"] == "istio-sidecar-injector" and "data" in item]
    assert '"mirror"' in injector["data"]["values"]


@pytest.mark.parametrize("version", charts.each())
def test_pull_secrets_reach_the_gateways(version):
    for release in mesh(version, pullSecrets=["mirror"]).of_kind(Kind.GATEWAY):
        pod = charts.only(charts.render(release), "Deployment")["spec"]["template"]["spec"]
        assert pod["imagePullSecrets"] == [{"name": "mirror"}]


@pytest.mark.parametrize("version", charts.each())
def test_digests_pin_istiod_and_every_proxy(version):
    items = rendered(version, digests={"pilot": DIGEST, "proxyv2": DIGEST})
    pod = charts.only(items, "Deployment")["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == f"docker.io/istio/pilot:{version}@{DIGEST}"
    (injector,) = [item for item in items if item["metadata"]["name"] == "istio-sidecar-injector" and "data" in item]
    assert injector["data"]["values"].count(f"docker.io/istio/proxyv2:{version}@{DIGEST}") == 2


def test_nothing_of_it_is_in_the_values_unless_it_is_asked_for():
    text = str([release.values for release in mesh("1.31.0").releases])
    assert "imagePullSecrets" not in text
    assert "@sha256" not in text


def named(**names: str):
    return make_settings(releases={"names": names}).releases.names


def test_without_the_key_they_are_those_of_the_role():
    assert named().model_dump() == {
        "base": "istio-base",
        "istiod": "istiod",
        "ingress": "istio-ingressgateway",
        "egress": "istio-egressgateway",
    }


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"base": "istiod"}, "releases.names: 2 releases are called 'istiod'"),
        ({"base": "Mesh"}, "releases.names.base: 'Mesh': is not a name of Helm"),
        ({"ingress": "a" * 54}, "at most 53 small letters"),
    ],
)
def test_a_name_that_helm_would_refuse_is_refused(names, said):
    with pytest.raises(SettingsError, match=said):
        named(**names)
