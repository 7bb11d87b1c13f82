"""What a destroy leaves: nothing but what is documented, and by config not even that."""

import json
import re

import pytest

from lab.cluster.kubectl import get, kubectl

KINDS = "clusterroles,clusterrolebindings,validatingwebhookconfigurations,mutatingwebhookconfigurations,namespaces"
CONFIG_MAPS = {"istio-ca-root-cert", "istio-ca-crl"}
ENTRY = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "ServiceEntry",
    "metadata": {"name": "others", "namespace": "default"},
    "spec": {
        "hosts": ["example.org"],
        "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
        "resolution": "DNS",
    },
}


def leftovers() -> set[str]:
    """Everything of Istio outside of its own namespaces, CRDs and istiod's ConfigMaps apart."""
    names = {f"{one['kind']} {one['metadata']['name']}" for one in get(KINDS)["items"]}
    return {name for name in names if "istio" in name or "trading" in name}


def crds() -> list[str]:
    return [one["metadata"]["name"] for one in get("crds")["items"] if one["spec"]["group"].endswith("istio.io")]


def config_maps() -> set[str]:
    items = get("configmaps", "--all-namespaces")["items"]
    return {one["metadata"]["name"] for one in items if "istio" in one["metadata"]["name"]}


@pytest.mark.row(13)
def test_crds_and_root_certificates_stay_and_the_next_up_takes_them_over(project):
    assert project.up().status == 0
    destroyed = project.destroy()
    assert destroyed.status == 0, destroyed.output
    assert leftovers() == set()
    assert crds()
    assert config_maps() <= CONFIG_MAPS
    again = project.up()
    assert again.status == 0, again.output
    assert project.preview("--expect-no-changes").status == 0


def test_by_config_they_go_too_unless_others_use_them(project):
    project.set("destroy", {"crds": True, "rootCertificates": True})
    assert project.up().status == 0
    kubectl("apply", "-f", "-", stdin=json.dumps(ENTRY))
    refused = project.destroy()
    assert refused.status != 0
    assert "ServiceEntry default/others" in refused.line_with("destroy.crds: Istio's CRDs stay")
    assert crds()
    kubectl("delete", "serviceentry", "others", "--namespace=default")
    assert project.destroy().status == 0
    assert (crds(), config_maps(), leftovers()) == ([], set(), set())


def test_switching_the_sweep_off_again_sweeps_nothing(project):
    project.set("destroy", {"crds": True, "rootCertificates": True})
    assert project.up().status == 0
    project.set("destroy", {"crds": False, "rootCertificates": False})
    assert project.up().status == 0
    assert crds()
    assert config_maps()
    assert project.preview("--expect-no-changes").status == 0


@pytest.mark.row(43)
def test_a_second_destroy_is_nothing(project):
    assert project.destroy().status == 0
    again = project.destroy()
    assert again.status == 0
    assert not re.search(r"- \d+ deleted", again.output)


@pytest.mark.row(43)
@pytest.mark.long
def test_up_and_destroy_ten_times(project):
    for _ in range(10):
        done = project.up()
        assert done.status == 0, done.output
        assert project.preview("--expect-no-changes").status == 0
        assert project.destroy().status == 0
        assert leftovers() == set()
