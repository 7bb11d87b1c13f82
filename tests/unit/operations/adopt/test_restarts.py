"""The pods that the first `up` restarts, according to the rendered objects of both sides and to drift."""

import copy
from dataclasses import replace

import pytest

from operations.adopt import restarts
from operations.preview import rendered
from operations.preview.rendered import NotRenderedError
from pi_mesh.cluster.pods import Pod
from tests.support.helm_mesh import existing, living, situation


def istiod(cpu: str = "100m", **meta: object) -> dict:
    container = {"name": "discovery", "image": "pilot", "resources": {"requests": {"cpu": cpu}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "istiod", "namespace": "istio-system", **meta},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


@pytest.fixture
def effects(monkeypatch):
    """Return `effects(before, after, live)`: of istiod's Deployment as installed, as rendered, and as it is."""

    def of(before: dict, after: dict, live: dict | None = None) -> restarts.Effects:
        monkeypatch.setattr(rendered, "objects", lambda *_: dict(rendered.named([after])))
        there = existing(release=living("istiod", "istiod", objects=(before,)))
        return restarts.of(replace(there, live={"istio-system/istiod": live or before}))

    return of


def test_a_changed_pod_template_restarts_its_pods(effects):
    assert effects(istiod(), istiod("200m")).restarts == {"istio-system/istiod": "its pod template changes"}


def test_a_changed_label_of_the_deployment_restarts_nothing(effects):
    found = effects(istiod(), istiod(labels={"app.kubernetes.io/version": "2"}))
    assert found.restarts == {}
    assert [change.key for change in found.changed] == ["Deployment istio-system/istiod"]


def test_a_template_that_was_changed_by_hand_is_put_back_and_so_restarts(effects):
    (why,) = (effects(istiod(), istiod(), live=istiod("900m")).restarts or {}).values()
    assert "resources.requests.cpu was changed by hand" in why


def test_what_somebody_added_to_a_template_stays_and_restarts_nothing(effects):
    live = copy.deepcopy(istiod())
    live["spec"]["template"]["metadata"] = {"annotations": {"kubectl.kubernetes.io/restartedAt": "today"}}
    assert effects(istiod(), istiod(), live).restarts == {}


def test_charts_that_can_not_be_rendered_leave_it_open(monkeypatch):
    def refuse(*_: object) -> None:
        raise NotRenderedError("helm is not on PATH")

    monkeypatch.setattr(rendered, "objects", refuse)
    found = restarts.of(existing())
    assert (found.restarts, found.problem) == (None, "helm is not on PATH")


def test_the_pods_of_a_deployment_are_those_of_its_replica_sets():
    def pod(name: str, owner: str, **more: object) -> Pod:
        return replace(Pod("istio-system", name, owner=owner), **more)

    running = (
        pod("istiod-1-a", "ReplicaSet/istiod-1"),
        pod("istiod-0-b", "ReplicaSet/istiod-0", ending=True),
        pod("istiod-remote-1-c", "ReplicaSet/istiod-remote-1"),
        pod("other", ""),
    )
    there = existing(situation(snapshot={"pods": running}))
    assert restarts.pods(there, "istio-system/istiod") == ["istio-system/istiod-1-a"]
