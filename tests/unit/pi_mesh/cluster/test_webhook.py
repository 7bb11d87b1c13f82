"""The wait for istiod's webhook."""

import pytest

from pi_mesh.cluster import webhook
from pi_mesh.cluster.client import Refused
from pi_mesh.cluster.errors import ClusterUnreachable
from tests.support.fake_client import FakeClient

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
        problem = webhook.wait(client, "istio-system", seconds, pause=0)  # type: ignore[arg-type]
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
