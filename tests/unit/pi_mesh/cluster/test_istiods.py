"""The istiod that injects a pod, by the labels of its namespace and its own; the wait for its webhook."""

from unittest.mock import Mock

from pi_mesh.cluster import istiods
from pi_mesh.cluster.client import Refused
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.istiods import injector
from pi_mesh.cluster.objects import Namespace, Webhook
from pi_mesh.cluster.pods import Pod
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.snapshots import make_snapshot

TAG = Webhook("Mutating", "istio-revision-tag-stable", "x", "istio-system/istiod-next")
ENABLED, NEXT, STABLE = {"istio-injection": "enabled"}, {"istio.io/rev": "next"}, {"istio.io/rev": "stable"}
DEFAULT = {"istio.io/rev": "default"}
DRY_RUN = "/apis/networking.istio.io/v1beta1/namespaces/istio-system/sidecars"
OLD = {"items": [{"metadata": {"name": "old", "deletionTimestamp": "2026-11-25T12:00:00Z"}}]}
NEW = {"items": [{"metadata": {"name": "new"}}]}


@table(
    (ENABLED, {}, "istiod"),
    (NEXT, {}, "istiod-next"),
    (STABLE, {}, "istiod-next"),
    (DEFAULT, {}, "istiod"),
    ({}, NEXT, "istiod-next"),
    ({}, {}, "istiod"),
    ({**ENABLED, **NEXT}, {}, "istiod"),
    (ENABLED, NEXT, "istiod"),
    (STABLE, DEFAULT, "istiod-next"),
)
def test_a_pod_is_injected_by_the_istiod_that_its_labels_name(namespace, pod, istiod):
    snapshot = make_snapshot(namespaces=(Namespace("trading", namespace),), webhooks=(TAG,))
    assert injector(snapshot, "istio-system", Pod("trading", "shop-1", pod)) == istiod


def refused(reason: str) -> Refused:
    return Refused(f"cluster 'test' refused POST: {reason}", reason)


NO_ANSWER = refused('Internal error: failed calling webhook "validation.istio.io": context deadline exceeded')


@table(
    case("a webhook that answers is called once", [NEW], [{}], 60, "", 1),
    case("an old pod that is ending is waited for before the call", [OLD, NEW], [{}], 60, "", 1),
    case("a webhook that does not answer is called again", [NEW, NEW], [NO_ANSWER, {}], 60, "", 2),
    case("a refusal by anybody else is an answer", [NEW], [refused("denied by policy")], 60, "", 1),
    case("one that never answers is given up", [NEW], [NO_ANSWER], -1, NO_ANSWER.reason, 1),
    case("a cluster that is gone is asked again", [ClusterUnreachable("gone"), NEW], [{}], 60, "", 1),
)
def test_the_webhook_is_waited_for(pods, dry_run, seconds, problem, calls):
    pods_path = "/api/v1/namespaces/istio-system/pods"
    client = FakeClient({pods_path: Mock(side_effect=pods), DRY_RUN: Mock(side_effect=dry_run)})
    assert istiods.wait_for_webhook(client, "istio-system", seconds, pause=0) == problem  # type: ignore[arg-type]
    assert client.got.count(DRY_RUN) == calls
