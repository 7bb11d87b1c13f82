"""Where images come from: pull Secrets, the registry's name in them, and digests, as the charts take them."""

from typing import Any

import pytest

from pi_mesh import inventory
from pi_mesh.inventory import Inventory, Kind
from pi_mesh.settings.sources import DOCKER_HUB, ImageSettings
from tests.support import charts
from tests.support.factories import make_settings

DIGEST = f"sha256:{'0' * 64}"


def mesh(version: str, **images: object) -> Inventory:
    return inventory.of(make_settings(istio={"version": version}, images=images))


def rendered(version: str, **images: object) -> list[dict[str, Any]]:
    return charts.render(mesh(version, **images).the(Kind.ISTIOD))


@pytest.mark.parametrize(
    ("hub", "registry"),
    [
        ("docker.io/istio", DOCKER_HUB),
        ("istio", DOCKER_HUB),
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
