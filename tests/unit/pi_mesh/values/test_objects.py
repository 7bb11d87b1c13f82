"""The objects of every mesh, and of its namespaces of workloads."""

from dataclasses import replace

import pytest

from pi_mesh.inventory import Kind
from pi_mesh.names import OWNER_ANNOTATION
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.values import helm_values, objects
from tests.support import charts
from tests.support.factories import make_mesh, make_settings

ADOPTED = {"adopt": True}
STACK = "me/pi-mesh/pi-cluster"


def research(**settings: object) -> WorkloadNamespace:
    return make_settings(namespaces={"research": settings}).workload_namespaces[1]


def labels(**settings: object) -> object:
    return objects.workload_namespace(research(**settings), STACK)["metadata"]["labels"]


def test_an_adopted_namespace_gets_no_mark_of_ownership():
    made = (
        objects.istio_namespace(make_settings(istio=ADOPTED), STACK),
        objects.workload_namespace(research(**ADOPTED), STACK),
    )
    assert [OWNER_ANNOTATION in one["metadata"]["annotations"] for one in made] == [False, False]


@pytest.mark.parametrize(
    ("settings", "label"),
    [({}, {"istio-injection": "enabled"}), ({"injection": False}, {"istio-injection": "disabled"})],
)
def test_a_namespace_says_if_its_pods_get_sidecars(settings, label):
    assert labels(**settings) == label


def test_a_revision_takes_the_place_of_the_injection_label():
    settings = make_settings(istio={"tags": {"stable": "default"}}, namespaces={"research": {"revision": "stable"}})
    made = objects.workload_namespace(settings.workload_namespaces[1], STACK)
    assert made["metadata"]["labels"] == {"istio.io/rev": "stable"}


def test_the_quota_of_a_namespace_without_sidecars_counts_none():
    settings = make_settings(namespaces={"research": {"injection": False, "workloads": 2}})
    hard = objects.resource_quota(settings, settings.workload_namespaces[1])["spec"]["hard"]
    assert hard == {
        "pods": "2",
        "requests.cpu": "100m",
        "requests.memory": "256Mi",
        "limits.cpu": "1",
        "limits.memory": "512Mi",
    }


def test_a_namespace_without_sidecars_has_no_scope_for_them():
    settings = make_settings(namespaces={"research": {"injection": False}})
    kinds = [one["kind"] for one in objects.bounds(settings, settings.workload_namespaces[1])]
    assert kinds == ["LimitRange", "ResourceQuota"]


CANARY = {"version": "1.31.0", "revision": "next"}


@pytest.mark.parametrize(("revision", "service"), [("default", "istiod"), ("next", "istiod-next")])
def test_a_tag_calls_the_istiod_of_its_revision(revision, service):
    (tag,) = make_mesh(istio={"canary": CANARY, "tags": {"stable": revision}}).objects_of("revision-tag")
    assert {hook["clientConfig"]["service"]["name"] for hook in tag.manifest["webhooks"]} == {service}
    # By this label istiod finds the configurations whose CA bundle it writes.
    assert tag.manifest["metadata"]["labels"]["istio.io/rev"] == revision


@pytest.mark.parametrize("version", charts.each())
def test_its_webhooks_are_those_of_the_charts_own(version):
    canary = {"version": version, "revision": "next"}
    mesh = make_mesh(istio={"version": version, "canary": canary, "tags": {"stable": "next"}})
    (ours,) = mesh.objects_of("revision-tag")
    second = mesh.the(Kind.CANARY)
    tagged = replace(second, typed=helm_values.merge(second.typed, {"revisionTags": ["stable"]}))
    (theirs,) = (item for item in charts.render(tagged) if item["metadata"]["name"] == ours.name)
    assert ours.manifest["webhooks"] == theirs["webhooks"]


def test_without_tags_there_are_no_objects():
    assert make_settings().istio.tags == {}
    assert make_mesh().objects_of("revision-tag") == ()
