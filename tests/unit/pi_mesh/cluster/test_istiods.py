"""The istiod that injects a pod, by the labels of its namespace and its own."""

import pytest

from pi_mesh.cluster import istiods
from pi_mesh.cluster.client import Refused
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.istiods import injector
from pi_mesh.cluster.objects import Namespace, Webhook
from pi_mesh.cluster.pods import Pod
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

TAG = Webhook("Mutating", "istio-revision-tag-stable", "x", "istio-system/istiod-next")
ENABLED, NEXT, STABLE = {"istio-injection": "enabled"}, {"istio.io/rev": "next"}, {"istio.io/rev": "stable"}


@pytest.mark.parametrize(
    ("namespace", "pod", "istiod"),
    [
        (ENABLED, {}, "istiod"),
        (NEXT, {}, "istiod-next"),
        (STABLE, {}, "istiod-next"),
        ({"istio.io/rev": "default"}, {}, "istiod"),
        ({}, NEXT, "istiod-next"),
        ({}, {}, "istiod"),
        # The legacy label goes before the other (templates/mutatingwebhook.yaml).
        ({**ENABLED, **NEXT}, {}, "istiod"),
        (ENABLED, NEXT, "istiod"),
        (STABLE, {"istio.io/rev": "default"}, "istiod-next"),
    ],
)
def test_a_pod_is_injected_by_the_istiod_that_its_labels_name(namespace, pod, istiod):
    snapshot = make_snapshot(namespaces=(Namespace("trading", namespace),), webhooks=(TAG,))
    assert injector(snapshot, "istio-system", Pod("trading", "shop-1", pod)) == istiod


PODS = "/api/v1/namespaces/istio-system/pods"
DRY_RUN = "/apis/networking.istio.io/v1beta1/namespaces/istio-system/sidecars"


def pods(*names: str, ending: bool = False) -> dict:
    mark = {"deletionTimestamp": "2026-11-25T12:00:00Z"} if ending else {}
    return {"items": [{"metadata": {"name": name, **mark}} for name in names]}


@pytest.fixture
def waited():
    """Return `waited({path: answers, ...})`: the result of waiting, and the number of calls of the webhook."""

    def wait(answers: dict[str, list[object]], seconds: float = 60) -> tuple[str, int]:
        left = {path: iter(given) for path, given in answers.items()}

        def answer(path: str) -> object:
            given = next(left[path])
            if isinstance(given, Exception):
                raise given
            return given

        client = FakeClient({path: (lambda path=path: answer(path)) for path in answers})
        problem = istiods.wait_for_webhook(client, "istio-system", seconds, pause=0)  # type: ignore[arg-type]
        return problem, client.got.count(DRY_RUN)

    return wait


def refused(reason: str) -> Refused:
    return Refused(f"cluster 'test' refused POST: {reason}", reason)


NO_ANSWER = refused('Internal error: failed calling webhook "validation.istio.io": context deadline exceeded')


def test_a_webhook_that_answers_is_called_once(waited):
    assert waited({PODS: [pods("new")], DRY_RUN: [{}]}) == ("", 1)


def test_an_old_pod_that_is_ending_is_waited_for_before_the_webhook_is_called(waited):
    assert waited({PODS: [pods("old", ending=True), pods("new")], DRY_RUN: [{}]}) == ("", 1)


def test_a_webhook_that_does_not_answer_is_called_again(waited):
    assert waited({PODS: [pods("new")] * 2, DRY_RUN: [NO_ANSWER, {}]}) == ("", 2)


def test_a_refusal_by_anybody_else_means_that_the_webhook_answered(waited):
    assert waited({PODS: [pods("new")], DRY_RUN: [refused("denied by policy require-owner")]}) == ("", 1)


def test_a_webhook_that_never_answers_is_given_up_with_the_reason(waited):
    assert waited({PODS: [pods("new")], DRY_RUN: [NO_ANSWER]}, seconds=-1) == (NO_ANSWER.reason, 1)


def test_a_cluster_that_is_gone_for_a_moment_is_asked_again(waited):
    assert waited({PODS: [ClusterUnreachable("gone"), pods("new")], DRY_RUN: [{}]}) == ("", 1)
