"""The state of the mesh in a report: its own pods, events and logs, and no more."""

import json

import pytest

from operations.report import mesh_state
from operations.report.redaction import ArchiveFile
from pi_mesh.checks.finding import Finding
from pi_mesh.cluster.errors import Forbidden
from tests.support.factories import make_mesh
from tests.support.fake_client import FakeClient

CORE = "/api/v1/namespaces"
BOUNDS = f"&tailLines=50&limitBytes={mesh_state.BYTES}&timestamps=true"
ISTIOD_LOG = f"{CORE}/istio-system/pods/istiod-1/log?container=discovery{BOUNDS}"


def pod(name: str, restarts: int = 0, **labels: str) -> dict:
    container = {"name": "discovery", "env": [{"name": "X", "value": "made-up"}], "resources": {"limits": {"cpu": "1"}}}
    status = {"name": "discovery", "restartCount": restarts, "state": {"running": {}}}
    return {
        "metadata": {"namespace": "istio-system", "name": name, "labels": labels, "annotations": {"x": "made-up"}},
        "spec": {"nodeName": "pi-1", "containers": [container]},
        "status": {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [status]},
    }


def event(at: str, message: str) -> dict:
    return {"lastTimestamp": at, "involvedObject": {"kind": "Pod", "name": "a"}, "reason": "Failed", "message": message}


@pytest.fixture
def cluster() -> FakeClient:
    """Return a cluster with istiod, and a pod that is not the mesh's."""
    client = FakeClient(
        {
            f"{CORE}/istio-system/pods": {"items": [pod("istiod-1", app="istiod", istio="pilot"), pod("other")]},
            f"{CORE}/istio-system/events": {"items": [event("2026-02", "later"), event("2026-01", "sooner")]},
        }
    )
    client.relayed[ISTIOD_LOG] = (200, "a line\n")
    return client


def found(cluster: FakeClient) -> tuple[dict[str, object], list[Finding]]:
    every = list(mesh_state.mesh_files(cluster, make_mesh(), 50))  # type: ignore[arg-type]
    named = {one.name: one.content for one in every if isinstance(one, ArchiveFile)}
    return named, [one for one in every if isinstance(one, Finding)]


def test_only_the_meshs_own_pods_and_logs_are_in_it(cluster):
    files, missing = found(cluster)
    assert files["logs/istio-system/istiod-1/discovery.log"] == "a line\n"
    assert list(files["pods.json"]) == ["istio-system/istiod-1"]
    assert missing == []


def test_a_pods_state_has_no_variables_and_no_annotations(cluster):
    shown = json.dumps(found(cluster)[0]["pods.json"])
    assert "made-up" not in shown
    assert '"node": "pi-1"' in shown
    assert '"limits": {"cpu": "1"}' in shown


def test_a_restarted_container_also_has_its_predecessors_log(cluster):
    cluster.answers[f"{CORE}/istio-system/pods"]["items"] = [pod("istiod-1", 2, app="istiod", istio="pilot")]
    cluster.relayed[f"{ISTIOD_LOG}&previous=true"] = (200, "panic\n")
    assert found(cluster)[0]["logs/istio-system/istiod-1/discovery.before.log"] == "panic\n"


def test_events_are_in_order_with_the_newest_last(cluster, monkeypatch):
    assert [one["message"] for one in found(cluster)[0]["events.json"]["istio-system"]] == ["sooner", "later"]
    monkeypatch.setattr(mesh_state, "EVENTS", 1)
    assert [one["message"] for one in found(cluster)[0]["events.json"]["istio-system"]] == ["later"]


@pytest.mark.parametrize(("text", "reason"), [('{"message": "waiting to start"}', "waiting to start"), ("x\ny", "x")])
def test_a_log_that_can_not_be_read_is_a_finding(cluster, text, reason):
    cluster.relayed[ISTIOD_LOG] = (400, text)
    (missing,) = found(cluster)[1]
    assert str(missing) == f"pod istio-system/istiod-1: its log could not be read: {reason}"


def test_a_namespace_that_may_not_be_read_is_a_finding(cluster):
    cluster.answers[f"{CORE}/trading/events"] = Forbidden("no right", "no right")
    files, (missing,) = found(cluster)
    assert str(missing) == "namespace trading: no right"
    assert "trading" not in files["events.json"]


def test_the_versions_in_the_cluster_are_those_of_its_nodes_and_releases(cluster):
    info = {"kubeletVersion": "v1.35.2", "kernelVersion": "6.8.0", "machineID": "made-up"}
    node = {"metadata": {"name": "pi-1"}, "status": {"nodeInfo": info}}
    cluster.answers |= {"/version": {"gitVersion": "v1.35.2"}, "/api/v1/nodes": {"items": [node]}}
    shown = mesh_state.cluster_versions(cluster, make_mesh())  # type: ignore[arg-type]
    assert shown["cluster"] == "v1.35.2"
    assert shown["nodes"]["pi-1"]["kernelVersion"] == "6.8.0"
    assert "machineID" not in shown["nodes"]["pi-1"]
    assert shown["istio"]["istio.version"] == "1.31.0"
