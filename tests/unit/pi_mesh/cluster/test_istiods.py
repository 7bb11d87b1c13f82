"""The istiod that injects a pod, by the labels of its namespace and its own."""

import pytest

from pi_mesh.cluster.istiods import injector
from pi_mesh.cluster.objects import Namespace, Webhook
from pi_mesh.cluster.pods import Pod
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
