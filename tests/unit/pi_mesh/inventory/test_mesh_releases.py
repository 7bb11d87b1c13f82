"""The second control plane beside the first: one additional release, and no change of the first."""

import json

import pytest

from components import mesh as program
from pi_mesh.budget import mesh as budget
from pi_mesh.checks.preflight.foreign_istio import is_installed
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Pod
from pi_mesh.inventory import Inventory, Kind
from tests.support import charts
from tests.support.factories import make_mesh, make_settings
from tests.support.full_traffic_settings import TRAFFIC
from tests.support.recorder import RELEASE, record
from tests.support.snapshots import make_pod, make_snapshot

CANARY = {"version": "1.31.0", "revision": "next"}


def test_it_adds_a_release_and_leaves_all_others_but_the_crds_as_they_were():
    alone, both = make_mesh(istio={"version": "1.30.0"}), make_mesh(istio={"version": "1.30.0", "canary": CANARY})
    values = {release.name: release.values for release in both.releases}
    assert {release.name: release.values for release in alone.releases} == {
        name: given for name, given in values.items() if name != "istiod-next"
    }
    assert both.the(Kind.BASE).version == "1.31.0"
    assert both.the(Kind.ISTIOD).version == "1.30.0"


def test_it_has_its_own_version_and_revision_and_the_firsts_values():
    istio = {"version": "1.30.0", "canary": CANARY, "values": {"telemetry": {"enabled": False}}}
    second = make_mesh(istio=istio).the(Kind.CANARY)
    values = second.values
    assert (second.version, second.name) == ("1.31.0", "istiod-next")
    assert (values["revision"], values["global"]["tag"], values["telemetry"]) == ("next", "1.31.0", {"enabled": False})


def test_the_budget_counts_both():
    both = budget.mesh_budget(make_mesh(istio={"canary": CANARY}))
    assert [row.component for row in both.rows][:2] == ["istiod", "istiod next"]
    assert both.requests.cpu == budget.mesh_budget(make_mesh()).requests.cpu + 100


def test_each_has_its_own_pods():
    first, second, *_ = make_mesh(istio={"canary": CANARY}).workloads
    pod = Pod("istio-system", "istiod-next-1", {"app": "istiod", "istio.io/rev": "next"})
    assert (first.has_pod(pod.namespace, pod.labels), second.has_pod(pod.namespace, pod.labels)) == (False, True)


@pytest.mark.parametrize("version", charts.each())
def test_the_chart_calls_its_deployment_as_the_inventory_does(version):
    mesh = make_mesh(istio={"version": version, "canary": {"version": version, "revision": "next"}})
    (workload,) = mesh.the(Kind.CANARY).workloads
    items = charts.render(mesh.the(Kind.CANARY))
    deployment = charts.only(items, "Deployment")
    assert deployment["metadata"]["name"] == workload.name == "istiod-next"
    assert workload.has_pod("istio-system", deployment["spec"]["template"]["metadata"]["labels"])


@pytest.mark.parametrize("version", charts.each())
def test_no_object_is_in_both_releases_for_helm_lets_one_release_have_it(version):
    mesh = make_mesh(istio={"version": version, "canary": {"version": version, "revision": "next"}})
    rendered = [charts.render(mesh.the(kind)) for kind in (Kind.ISTIOD, Kind.CANARY)]
    names = [{(one["kind"], one["metadata"]["name"]) for one in items} for items in rendered]
    assert sum(map(len, names)) == len(set().union(*names))


@pytest.mark.parametrize("version", charts.each())
def test_a_gateway_asks_for_its_revision(version):
    canary = {"version": version, "revision": "next"}
    mesh = make_mesh(istio={"version": version, "canary": canary}, ingress={"revision": "next"})
    ingress = charts.only(charts.render(mesh.of_kind(Kind.GATEWAY)[0]), "Deployment")
    egress = charts.only(charts.render(mesh.of_kind(Kind.GATEWAY)[1]), "Deployment")
    assert ingress["spec"]["template"]["metadata"]["labels"]["istio.io/rev"] == "next"
    assert "istio.io/rev" not in egress["spec"]["template"]["metadata"]["labels"]


EDGE = {"ingress": {"namespace": "edge"}}


def placed(mesh: Inventory) -> dict[str, str]:
    return {release.setting: release.namespace for release in mesh.releases}


def test_the_ingress_gateway_alone_has_its_own_namespace():
    assert placed(make_mesh(**EDGE)) == {
        "base": "istio-system",
        "istio": "istio-system",
        "ingress": "edge",
        "egress": "istio-system",
    }
    assert set(placed(make_mesh()).values()) == {"istio-system"}


def test_the_namespace_is_made_for_it_and_asks_for_no_injection():
    names = {item.component: item.manifest for item in make_mesh(**EDGE).namespaces}
    assert names["ingress"]["metadata"]["labels"] == {}
    assert "ingress" not in {item.component for item in make_mesh().namespaces}
    assert "ingress" not in {item.component for item in make_mesh(ingress={"namespace": "istio-system"}).namespaces}
    assert "ingress" not in {
        item.component for item in make_mesh(ingress={"namespace": "edge", "enabled": False}).namespaces
    }


def test_its_release_and_its_pods_are_known_there_and_nowhere_else():
    mesh, labels = make_mesh(**EDGE), {"app": "istio-ingressgateway"}
    assert mesh.owns("edge/istio-ingressgateway")
    assert not mesh.owns("istio-system/istio-ingressgateway")
    there, elsewhere = (make_pod(namespace=name, labels=labels) for name in ("edge", "istio-system"))
    assert mesh.has_pod(there.namespace, there.labels)
    assert not mesh.has_pod(elsewhere.namespace, elsewhere.labels)


def test_the_default_deny_lets_it_in_by_its_identity_there():
    mesh = make_mesh(**EDGE, traffic={"authorization": {"defaultDeny": {"enabled": True}}})
    allows = next(item.manifest for item in mesh.objects if item.name == "allow-ingress-gateway")
    assert "cluster.local/ns/edge/sa/istio-ingressgateway" in str(allows)


def test_istio_keeps_its_root_namespace():
    values = make_mesh(**EDGE).the(Kind.ISTIOD).values
    assert values["global"]["istioNamespace"] == "istio-system"


NAMES = {"base": "crds", "istiod": "mesh", "ingress": "istio-edge", "egress": "way-out"}
OTHERS = {"releases": {"names": NAMES}, "traffic": TRAFFIC}


def test_every_release_has_the_name_of_the_settings():
    assert [one.name for one in make_mesh(**OTHERS).releases] == [*NAMES.values()]
    assert make_mesh(**OTHERS).owns("istio-system/way-out")


def test_a_gateways_deployment_is_called_after_its_release_and_istiods_is_not():
    assert [one.name for one in make_mesh(**OTHERS).workloads] == ["istiod", "istio-edge", "way-out"]


def test_no_object_selects_or_trusts_a_gateway_of_the_default_names():
    said = json.dumps([item.manifest for item in make_mesh(**OTHERS).objects])
    assert "ingressgateway" not in said
    assert "egressgateway" not in said
    assert '{"istio": "edge"}' in said
    assert '{"istio": "way-out"}' in said
    assert "way-out.istio-system.svc.cluster.local" in said


def test_a_default_deny_lets_the_gateway_in_by_its_own_name():
    denied = {"authorization": {"defaultDeny": {"enabled": True}}}
    said = json.dumps([item.manifest for item in make_mesh(releases={"names": NAMES}, traffic=denied).objects])
    assert "cluster.local/ns/istio-system/sa/istio-edge" in said


def test_the_ingress_gateway_keeps_its_right_to_read_certificates_under_another_name():
    tls = {"gateways": {"front": {"tls": {"secret": "certificate"}}}}
    releases = {one.name: one.typed for one in make_mesh(releases={"names": NAMES}, traffic=tls).releases}
    assert "rbac" not in releases["istio-edge"]
    assert "rbac" in releases["way-out"]


def test_a_running_istiod_of_such_a_release_is_the_stacks_own():
    running = Deployment("istio-system", "istiod", {"app": "istiod"}, "istio-system/mesh")
    assert is_installed(make_mesh(**OTHERS), make_snapshot(deployments=(running,)))


def test_the_resources_keep_their_names_so_that_a_name_given_later_moves_nothing(monkeypatch):
    monkeypatch.setattr("pi_mesh.cluster.snapshot.read", lambda *_, **__: make_snapshot())

    def registered(**names: object) -> set[tuple[str, str]]:
        return {
            (one.name, one.parent) for one in record(lambda: program.deploy(make_settings(**names))).of_type(RELEASE)
        }

    assert registered() == registered(releases={"names": NAMES})
