"""Workloads and volumes of others in a namespace."""

from typing import cast

import pytest

from pi_mesh.cluster import tenants
from pi_mesh.cluster.client import Client
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.fake_client import FakeClient

OURS = "istio-system/istiod"


def item(name: str, owner: str = "", release: str = "", **more: object) -> dict:
    kind, _, owner_name = owner.partition("/")
    space, _, release_name = release.partition("/")
    metadata = {
        "name": name,
        "namespace": "trading",
        "labels": {"app.kubernetes.io/managed-by": "Helm"} if release else {},
        "annotations": {"meta.helm.sh/release-name": release_name, "meta.helm.sh/release-namespace": space},
        "ownerReferences": [{"kind": kind, "name": owner_name, "controller": True}] if owner else [],
    }
    return {"metadata": metadata, "spec": {"containers": []}, **more}


def seen(**kinds: list[dict]) -> list[str]:
    """Return the tenants of the namespace trading with these objects by kind."""
    paths = {**tenants.CONTROLLERS, "Pod": tenants.PODS, "PersistentVolumeClaim": tenants.VOLUMES}
    answers = {paths[kind].format("trading"): {"items": items} for kind, items in kinds.items()}
    return tenants.read(cast(Client, FakeClient(answers)), "trading", (OURS,))


@pytest.mark.parametrize("kind", [*tenants.CONTROLLERS, "Pod", "PersistentVolumeClaim"])
def test_a_workload_or_volume_of_others_is_named(kind):
    assert seen(**{kind: [item("shop")]}) == [f"{kind} shop"]


def test_a_deployment_of_the_stacks_own_releases_is_none_and_neither_are_its_pods():
    pod = item("istiod-6d4f-x", owner="ReplicaSet/istiod-6d4f")
    assert seen(Deployment=[item("istiod", release=OURS)], Pod=[pod]) == []


def test_a_deployment_of_anothers_release_is_one():
    assert seen(Deployment=[item("shop", release="trading/shop")]) == ["Deployment shop"]


def test_pods_and_jobs_are_named_by_what_makes_them():
    job = item("report-1", owner="CronJob/report")
    there = seen(CronJob=[item("report")], Job=[job], Pod=[item("report-1-x", owner="Job/report-1")])
    assert there == ["CronJob report"]


def test_a_pod_of_a_controller_that_is_not_listed_is_named_itself():
    assert seen(Pod=[item("web-77-x", owner="ReplicaSet/web-77")]) == ["Pod web-77-x"]


def test_what_has_finished_is_none():
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    assert seen(Job=[item("once", status=done)], Pod=[item("once-x", status={"phase": "Succeeded"})]) == []


def test_what_an_operation_makes_for_seconds_is_none():
    pod = item("probe")
    pod["metadata"]["labels"] = {SHORT_LIVED_LABEL: "true"}
    assert seen(Pod=[pod], Job=[pod]) == []
