"""The plugin at a deletion."""

from unittest.mock import Mock

import pytest

from components.guard import deletion
from pi_mesh.checks import destroy
from pi_mesh.cluster import pod_lifecycle
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.stack_state import DRAIN, GUARD
from tests.support.fake_client import FakeClient

URN = "urn:pulumi:test::pi-mesh::{}::name"
RECORDED = {"context": "test", "namespace": "istio-system", "spare": 10.0}


@pytest.fixture(autouse=True)
def cluster(monkeypatch) -> None:
    monkeypatch.setattr(deletion, "Client", FakeClient())


def test_the_guard_gives_its_refusal_and_names_itself_in_it(monkeypatch):
    monkeypatch.setattr(destroy, "refusal", lambda recorded, urn: f"{recorded['context']} {urn}")
    assert deletion.run(URN.format(GUARD), RECORDED) == f"test {URN.format(GUARD)}"


def test_the_drain_waits_for_the_pods_of_its_namespace(monkeypatch):
    monkeypatch.setattr(pod_lifecycle, "wait_for_stopping_pods", wait := Mock())
    assert deletion.run(URN.format(DRAIN), RECORDED) == ""
    assert wait.call_args.args[1:] == ("istio-system", 10.0)


def test_a_drain_of_a_cluster_that_does_not_answer_is_no_refusal(monkeypatch):
    monkeypatch.setattr(pod_lifecycle, "wait_for_stopping_pods", Mock(side_effect=ClusterUnreachable("gone")))
    assert deletion.run(URN.format(DRAIN), RECORDED) == ""
