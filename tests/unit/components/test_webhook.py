"""The wait for a new istiod: what needs its webhook begins as soon as it answers, not when Helm has looked."""

import asyncio
from types import SimpleNamespace

import pulumi
import pytest

from components import webhook
from pi_mesh.cluster import webhook as cluster_webhook
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from tests.support.factories import make_mesh
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_pod, make_snapshot

URN = "urn:pulumi:test::pi-mesh::pi-mesh:istio:Istiod::istiod"
ISTIOD = "/apis/apps/v1/namespaces/istio-system/deployments/istiod"


def deployment(available: int) -> dict:
    """Return istiod's Deployment of one pod, of which so many are Ready."""
    status = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": available}
    return {"metadata": {"generation": 1}, "spec": {"replicas": 1}, "status": status}


@pytest.fixture
def followers(monkeypatch):
    """Return `followers(answers, helm)`: what may begin after a new istiod.

    `answers`: what the cluster says of its Deployment, look by look; `helm`: seconds until its release is done.
    """
    monkeypatch.setattr(webhook, "LOOK", 0.01)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    monkeypatch.setattr(cluster_webhook, "wait", lambda *_, **__: "")

    def run(answers: list, helm: float, recorded=NEVER_RUN, snapshot=None, more: tuple = (), preview: bool = False):
        looks = iter(answers)
        monkeypatch.setattr(webhook, "Client", FakeClient({ISTIOD: lambda: _raised(next(looks))}))
        monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)

        async def whole() -> list[object]:
            istiod = SimpleNamespace(
                status=SimpleNamespace(future=lambda: asyncio.sleep(helm, "deployed")),
                urn=SimpleNamespace(future=lambda: asyncio.sleep(0, URN)),
            )
            found = await webhook.answering([istiod, *more], make_mesh(), recorded, snapshot or make_snapshot())  # pyright: ignore[reportArgumentType]
            return ["release" if one is istiod else one if one in more else await one.urn.future() for one in found]

        return asyncio.run(whole())

    return run


def _raised(answer: object) -> object:
    if isinstance(answer, Exception):
        raise answer
    return answer


def test_they_begin_as_soon_as_its_pods_are_ready_and_are_still_deleted_before_it(followers):
    assert followers([None, deployment(0), deployment(1)], helm=30) == [URN]


def test_they_wait_for_helm_where_it_is_the_first_to_know(followers):
    assert followers([deployment(0)] * 1000, helm=0.05) == ["release"]


def test_they_wait_for_helm_where_the_cluster_does_not_answer(followers):
    assert followers([ClusterUnreachable("cluster 'test' does not answer")], helm=0.1) == ["release"]


def test_they_wait_for_helm_where_the_webhook_does_not_answer(followers, monkeypatch):
    monkeypatch.setattr(cluster_webhook, "wait", lambda *_, **__: "failed calling webhook")
    assert followers([deployment(1)], helm=0.1) == ["release"]


@pytest.mark.parametrize(
    "instead",
    [
        {"recorded": StackState(releases=frozenset({"istio-system/istiod"}))},
        {"snapshot": make_snapshot(pods=(make_pod("istiod-x", namespace="istio-system", labels={"app": "istiod"}),))},
        {"preview": True},
    ],
    ids=["recorded", "running", "preview"],
)
def test_they_wait_for_the_release_of_an_istiod_that_is_not_new(followers, instead):
    assert followers([deployment(1)], helm=1, **instead) == ["release"]


def test_they_wait_for_both_of_two_control_planes(followers):
    assert followers([deployment(1)], helm=1, more=("canary",)) == ["release", "canary"]
