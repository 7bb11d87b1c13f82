"""The releases of a mesh: a second control plane, a gateway's own namespace, and names of the settings."""

import json

import pytest

from components import mesh as program
from pi_mesh.budget.mesh import mesh_budget
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
DENY = {"authorization": {"defaultDeny": {"enabled": True}}}
NAMES = {"base": "crds", "istiod": "mesh", "ingress": "istio-edge", "egress": "way-out"}
NAMED = {"releases": {"names": NAMES}}
AT_EDGE = {"namespace": "edge"}
EDGE = {"ingress": AT_EDGE}
INGRESS = {"app": "istio-ingressgateway"}


def test_a_canary_adds_a_release_and_leaves_all_others_but_the_crds_as_they_were():
    alone, both = make_mesh(istio={"version": BEFORE}), make_mesh(istio={"version": BEFORE, "canary": CANARY})
    values = {release.name: release.values for release in both.releases}
    assert values.pop("istiod-next")["revision"] == "next"
    assert {release.name: release.values for release in alone.releases} == values
    assert (both.the(Kind.BASE).version, both.the(Kind.ISTIOD).version) == (NEWEST, BEFORE)


def test_it_has_its_own_version_and_revision_and_the_firsts_values():
    istio = {"version": BEFORE, "canary": CANARY, "values": {"telemetry": {"enabled": False}}}
    second = make_mesh(istio=istio).the(Kind.CANARY)
    assert (second.version, second.name) == (NEWEST, "istiod-next")
    assert (second.values["global"]["tag"], second.values["telemetry"]) == (NEWEST, {"enabled": False})


def test_the_budget_counts_both_and_each_has_its_own_pods():
    mesh = make_mesh(istio={"canary": CANARY})
    assert [row.component for row in mesh_budget(mesh).rows][:2] == ["istiod", "istiod next"]
    assert mesh_budget(mesh).requests.cpu == mesh_budget(make_mesh()).requests.cpu + 100
    labels = {"app": "istiod", "istio.io/rev": "next"}
    assert [workload.has_pod("istio-system", labels) for workload in mesh.workloads[:2]] == [False, True]


@pytest.mark.parametrize(("settings", "namespace"), [(EDGE, "edge"), ({}, "istio-system")])
def test_the_ingress_gateway_alone_has_its_own_namespace(settings, namespace):
    mesh = make_mesh(**settings)
    placed = {release.setting: release.namespace for release in mesh.releases}
    assert placed == dict.fromkeys(("base", "istio", "egress"), "istio-system") | {"ingress": namespace}
    assert mesh.the(Kind.ISTIOD).values["global"]["istioNamespace"] == "istio-system"
    homes = ("edge", "istio-system")
    assert [mesh.owns(f"{home}/istio-ingressgateway") for home in homes] == [home == namespace for home in homes]
    assert [mesh.has_pod(home, INGRESS) for home in homes] == [home == namespace for home in homes]


@table((AT_EDGE, [{}]), ({}, []), ({"namespace": "istio-system"}, []), ({**AT_EDGE, "enabled": False}, []))
def test_the_namespace_is_made_for_it_and_asks_for_no_injection(ingress, labels):
    namespaces = make_mesh(ingress=ingress).namespaces
    assert [item.manifest["metadata"]["labels"] for item in namespaces if item.component == "ingress"] == labels


@table((EDGE, "cluster.local/ns/edge/sa/istio-ingressgateway"), (NAMED, "cluster.local/ns/istio-system/sa/istio-edge"))
def test_the_default_deny_lets_the_gateway_in_by_its_own_identity(settings, identity):
    mesh = make_mesh(**settings, traffic=DENY)
    assert identity in str(next(item.manifest for item in mesh.objects if item.name == "allow-ingress-gateway"))


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
    for name in ('{"istio": "edge"}', '{"istio": "way-out"}', "way-out.istio-system.svc.cluster.local"):
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
