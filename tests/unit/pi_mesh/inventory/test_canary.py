"""The second control plane beside the first: one additional release, and no change of the first."""

import pytest

from pi_mesh.budget import mesh as budget
from pi_mesh.cluster.pods import Pod
from pi_mesh.inventory import Kind
from tests.support import charts
from tests.support.factories import make_mesh

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
    both = budget.of(make_mesh(istio={"canary": CANARY}))
    assert [row.component for row in both.rows][:2] == ["istiod", "istiod next"]
    assert both.requests.cpu == budget.of(make_mesh()).requests.cpu + 100


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
