"""The objects of every mesh, and of its namespaces of workloads."""

import pytest

from pi_mesh.names import OWNER_ANNOTATION
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.values import objects
from tests.support.factories import make_settings

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
    [
        ({}, {"istio-injection": "enabled"}),
        ({"injection": False}, {"istio-injection": "disabled"}),
    ],
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
