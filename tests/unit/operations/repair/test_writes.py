"""The writes of a repair to the cluster, each of them after another look at what it changes."""

import base64
import gzip
import json
from types import SimpleNamespace

import pytest
from lightkube.core.exceptions import ApiError

from operations.failures import Exit
from operations.repair import writes
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.release_records import ReleaseRecord
from pi_mesh.inventory import Kind
from tests.support.factories import make_mesh

STUCK = ReleaseRecord("istio-system", "istiod", 2, "pending-upgrade")


def packed(content: dict) -> str:
    """Return a release as Helm stores it."""
    return base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()


class Cluster:
    """A cluster with one Secret, or none."""

    def __init__(self, status: str | None) -> None:
        self.status = status
        self.wrote: list[tuple] = []

    def get(self, _kind: type, name: str, namespace: str) -> SimpleNamespace:
        if self.status is None:
            raise ApiError(response=SimpleNamespace(json=lambda: {"message": f"{namespace}/{name} not found"}))
        metadata = SimpleNamespace(labels={"status": self.status} if self.status else None)
        return SimpleNamespace(metadata=metadata, data={"release": packed({"name": "istiod", "info": {"status": "x"}})})

    def delete(self, _kind: type, name: str, namespace: str) -> None:
        self.wrote.append(("delete", namespace, name))

    def patch(self, kind: type, name: str, body: dict, namespace: str = "") -> None:
        self.wrote.append((kind.__name__, namespace, name, body))


@pytest.fixture
def to(monkeypatch):
    """Return `to(cluster)`: the writes to that cluster."""

    def of(cluster: Cluster) -> writes.Writes:
        monkeypatch.setattr(writes.kubeconfig, "connection", lambda context: context)
        monkeypatch.setattr(writes, "Client", lambda config: cluster if config == "test" else None)
        return writes.Writes("test")

    return of


def test_a_stuck_revision_is_forgotten_by_deleting_its_secret(to):
    cluster = Cluster("pending-upgrade")
    to(cluster).forget(STUCK)
    assert cluster.wrote == [("delete", "istio-system", "sh.helm.release.v1.istiod.v2")]


def test_a_stuck_revision_is_marked_as_failed_in_its_label_and_in_its_content(to):
    cluster = Cluster("pending-upgrade")
    to(cluster).fail(STUCK)
    ((kind, namespace, name, patch),) = cluster.wrote
    assert (kind, namespace, name) == ("Secret", "istio-system", "sh.helm.release.v1.istiod.v2")
    assert patch["metadata"] == {"labels": {"status": "failed"}}
    content = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(patch["data"]["release"]))))
    assert content == {
        "name": "istiod",
        "info": {"status": "failed", "description": "interrupted, marked by repair"},
    }


@pytest.mark.parametrize(
    ("status", "said"),
    [("deployed", "is deployed by now"), ("failed", "is failed by now"), ("", "is None by now"), (None, "not found")],
)
@pytest.mark.parametrize("write", ["forget", "fail"])
def test_a_revision_that_is_not_stuck_any_more_stays_as_it_is(to, status, said, write):
    cluster = Cluster(status)
    with pytest.raises(writes.StillDeployedError) as refused:
        getattr(to(cluster), write)(STUCK)
    assert said in str(refused.value.finding)
    assert refused.value.status is Exit.PROBLEMS
    assert cluster.wrote == []


def test_a_deployed_release_is_never_taken_for_a_stuck_one(to):
    cluster = Cluster("deployed")
    with pytest.raises(writes.StillDeployedError):
        to(cluster).forget(ReleaseRecord("istio-system", "istiod", 2, "deployed"))
    assert cluster.wrote == []


def test_a_crd_is_handed_over_by_its_label_and_annotations_alone(to):
    cluster = Cluster(None)
    to(cluster).hand_over(Crd("gateways.networking.istio.io"), make_mesh().the(Kind.BASE))
    meta = {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {
            "meta.helm.sh/release-name": "istio-base",
            "meta.helm.sh/release-namespace": "istio-system",
        },
    }
    assert cluster.wrote == [("CustomResourceDefinition", "", "gateways.networking.istio.io", {"metadata": meta})]
