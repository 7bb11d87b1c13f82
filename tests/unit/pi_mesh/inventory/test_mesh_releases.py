"""The releases of a mesh: a second control plane, a gateway's own namespace, and names of the settings."""

import json

import pytest

from components import mesh as program
from pi_mesh.checks.preflight.foreign_istio import is_installed
from pi_mesh.cluster.objects import Deployment
from pi_mesh.inventory import Kind
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import table
from tests.support.full_traffic_settings import TRAFFIC
from tests.support.recorder import RELEASE, record
from tests.support.snapshots import make_snapshot
from tests.support.versions import BEFORE, NEWEST

CANARY = {"version": NEWEST, "revision": "next"}
NAMES = {"base": "crds", "istiod": "mesh", "ingress": "istio-edge", "egress": "way-out"}
NAMED = {"releases": {"names": NAMES}}
EDGE = {"ingress": {"namespace": "edge"}}
INGRESS = {"app": "istio-ingressgateway"}


def test_a_canary_adds_a_release_and_leaves_all_others_but_the_crds_as_they_were():
    istio = {"version": BEFORE, "values": {"telemetry": {"enabled": False}}}
    alone, both = make_mesh(istio=istio), make_mesh(istio={**istio, "canary": CANARY})
    values = {release.name: release.values for release in both.releases}
    second = values.pop("istiod-next")
    assert (second["global"]["tag"], second["telemetry"]) == (NEWEST, {"enabled": False})
    assert {release.name: release.values for release in alone.releases} == values
    assert (both.the(Kind.BASE).version, both.the(Kind.ISTIOD).version) == (NEWEST, BEFORE)


@table((EDGE, "edge"), ({}, "istio-system"))
def test_the_ingress_gateway_alone_has_its_own_namespace(settings, namespace):
    mesh = make_mesh(**settings)
    homes = ("edge", "istio-system")
    assert [mesh.owns(f"{home}/istio-ingressgateway") for home in homes] == [home == namespace for home in homes]
    assert [mesh.has_pod(home, INGRESS) for home in homes] == [home == namespace for home in homes]


@pytest.mark.parametrize("ingress", [{"namespace": "istio-system"}, {"namespace": "edge", "enabled": False}])
def test_no_namespace_is_made_for_a_gateway_beside_istiod_or_for_none(ingress):
    assert "ingress" not in {item.component for item in make_mesh(ingress=ingress).namespaces}


def test_every_release_has_the_name_of_the_settings_and_a_gateways_deployment_is_called_after_it():
    mesh = make_mesh(**NAMED)
    assert [release.name for release in mesh.releases] == [*NAMES.values()]
    assert [workload.name for workload in mesh.workloads] == ["istiod", "istio-edge", "way-out"]
    assert mesh.owns("istio-system/way-out")
    running = Deployment("istio-system", "istiod", {"app": "istiod"}, "istio-system/mesh")
    assert is_installed(mesh, make_snapshot(deployments=(running,)))


def test_no_object_selects_or_trusts_a_gateway_of_the_default_names():
    text = json.dumps([item.manifest for item in make_mesh(**NAMED, traffic=TRAFFIC).objects])
    assert ("ingressgateway" in text, "egressgateway" in text) == (False, False)
    identity, host = "cluster.local/ns/istio-system/sa/istio-edge", "way-out.istio-system.svc.cluster.local"
    for name in ('{"istio": "edge"}', '{"istio": "way-out"}', identity, host):
        assert name in text


def test_the_ingress_gateway_keeps_its_right_to_read_certificates_under_another_name():
    mesh = make_mesh(**NAMED, traffic={"gateways": {"front": {"tls": {"secret": "certificate"}}}})
    assert ["rbac" in release.typed for release in mesh.of_kind(Kind.GATEWAY)] == [False, True]


def test_the_resources_keep_their_names_so_that_a_name_given_later_moves_nothing(monkeypatch):
    monkeypatch.setattr("pi_mesh.cluster.snapshot.read", lambda *_, **__: make_snapshot())

    def registered(**settings: object) -> set[tuple[str, str]]:
        recording = record(lambda: program.deploy(make_settings(**settings)))
        return {(release.name, release.parent) for release in recording.of_type(RELEASE)}

    assert registered() == registered(**NAMED)
