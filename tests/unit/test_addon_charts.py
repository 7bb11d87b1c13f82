"""The addons' real charts with the values of the settings: one container each, of the settings' size.

The charts come from the internet: without them in the folder that PI_MESH_CHARTS names, these tests are skipped.
"""

import pytest

from pi_mesh import addons
from pi_mesh.inventory import Release
from pi_mesh.values import extra_values
from tests.support import charts
from tests.support.factories import make_mesh

ALL = make_mesh(observability={name: {"enabled": True} for name in addons.ALL})
SIDECAR_OFF = ("sidecar.istio.io/inject", "false")


@pytest.fixture(params=sorted(addons.ALL))
def release(request) -> Release:
    (addon,) = (release for release in ALL.releases if release.setting == f"observability.{request.param}")
    if not charts.has(addon):
        pytest.skip(f"{addon.chart} {addon.version} is not in the folder of the charts")
    return addon


@pytest.fixture
def objects(release) -> list[dict]:
    return charts.render(release, ALL.settings.istio.version)


def test_it_is_one_pod_of_one_container_of_the_settings_size_without_a_sidecar(release, objects):
    pod = charts.only(objects, "Deployment", release.name)["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    (workload,) = release.workloads
    assert container["resources"] == workload.resources.to_kubernetes()
    assert SIDECAR_OFF in pod["metadata"]["labels"].items()
    assert pod["spec"]["nodeSelector"]["kubernetes.io/arch"] == "arm64"
    assert all(first["resources"] == container["resources"] for first in pod["spec"].get("initContainers", []))


def test_its_pods_and_service_are_those_that_the_inventory_names(release, objects):
    pod = charts.only(objects, "Deployment", release.name)["spec"]["template"]
    assert release.workloads[0].has_pod("istio-system", pod["metadata"]["labels"])
    service = charts.only(objects, "Service", release.name)["spec"]
    assert addons.ALL[release.name].port in [port["port"] for port in service["ports"]]


def test_nothing_but_what_a_console_needs_comes_along(objects):
    kinds = {item["kind"] for item in objects} - {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
    assert kinds <= {"ServiceAccount", "ConfigMap", "Secret", "Service", "Deployment", "NetworkPolicy"}


def test_every_value_of_the_settings_is_read_by_a_template(release):
    chart = extra_values.load_chart(str(charts.package(release.chart, release.version)))
    assert chart
    assert [*extra_values.unread_values(chart, release.typed)] == []
