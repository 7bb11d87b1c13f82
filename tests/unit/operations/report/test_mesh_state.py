"""The state of the mesh in a report: its own pods, events and logs, and no more."""

import json

import pytest

from operations.report import mesh_state
from operations.report.redaction import ArchiveFile
from pi_mesh.checks.finding import Finding
from pi_mesh.cluster.errors import Forbidden
from tests.support.factories import make_mesh
from tests.support.fake_client import FakeClient
from tests.support.versions import NEWEST

HOME, TRADING = ("/api/v1/namespaces/istio-system", "/api/v1/namespaces/trading")
BOUNDS = f"&tailLines=50&limitBytes={mesh_state.BYTES}&timestamps=true"
ISTIOD_LOG = f"{HOME}/pods/istiod-1/log?container=discovery{BOUNDS}"


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
    """Return a cluster with a restarted istiod, and a pod that is not the mesh's."""
    pods = [pod("istiod-1", 2, app="istiod", istio="pilot"), pod("other")]
    events = [event("2026-02", "later"), event("2026-01", "sooner")]
    client = FakeClient({f"{HOME}/pods": {"items": pods}, f"{HOME}/events": {"items": events}})
    client.relayed = {ISTIOD_LOG: (200, "a line\n"), f"{ISTIOD_LOG}&previous=true": (200, "panic\n")}
    return client


def files_of(cluster: FakeClient) -> tuple[dict[str, object], list[str]]:
    every = list(mesh_state.mesh_files(cluster, make_mesh(), 50))  # type: ignore[arg-type]
    named = {one.name: one.content for one in every if isinstance(one, ArchiveFile)}
    return named, [str(one) for one in every if isinstance(one, Finding)]


def test_only_the_meshs_own_pods_and_logs_are_in_it_without_variables_and_annotations(cluster):
    files, missing = files_of(cluster)
    assert files["logs/istio-system/istiod-1/discovery.log"] == "a line\n"
    assert files["logs/istio-system/istiod-1/discovery.before.log"] == "panic\n"
    assert (list(files["pods.json"]), missing) == (["istio-system/istiod-1"], [])
    shown = json.dumps(files["pods.json"])
    assert ("made-up" in shown, '"node": "pi-1"' in shown, '"limits": {"cpu": "1"}' in shown) == (False, True, True)


def test_a_container_that_never_restarted_has_one_log(cluster):
    cluster.answers[f"{HOME}/pods"]["items"] = [pod("istiod-1", app="istiod", istio="pilot")]
    assert [name for name in files_of(cluster)[0] if "log" in name] == ["logs/istio-system/istiod-1/discovery.log"]


@pytest.mark.parametrize(("most", "shown"), [(2, ["sooner", "later"]), (1, ["later"])])
def test_events_are_in_order_with_the_newest_last(cluster, monkeypatch, most, shown):
    monkeypatch.setattr(mesh_state, "EVENTS", most)
    assert [one["message"] for one in files_of(cluster)[0]["events.json"]["istio-system"]] == shown


@pytest.mark.parametrize(("text", "reason"), [('{"message": "waiting to start"}', "waiting to start"), ("x\ny", "x")])
def test_a_log_that_can_not_be_read_is_a_finding(cluster, text, reason):
    cluster.relayed[ISTIOD_LOG] = (400, text)
    assert files_of(cluster)[1] == [f"pod istio-system/istiod-1: its log could not be read: {reason}"]


def test_a_namespace_that_may_not_be_read_is_a_finding(cluster):
    cluster.answers[f"{TRADING}/events"] = Forbidden("no right", "no right")
    files, missing = files_of(cluster)
    assert missing == ["namespace trading: no right"]
    assert "trading" not in files["events.json"]


def test_the_versions_in_the_cluster_are_those_of_its_nodes_and_releases(cluster):
    info = {"kubeletVersion": "v1.35.2", "kernelVersion": "6.8.0", "machineID": "made-up"}
    node = {"metadata": {"name": "pi-1"}, "status": {"nodeInfo": info}}
    cluster.answers |= {"/version": {"gitVersion": "v1.35.2"}, "/api/v1/nodes": {"items": [node]}}
    shown = mesh_state.cluster_versions(cluster, make_mesh())  # type: ignore[arg-type]
    assert (shown["cluster"], shown["istio"]["istio.version"]) == ("v1.35.2", NEWEST)
    assert shown["nodes"]["pi-1"]["kernelVersion"] == "6.8.0"
    assert "machineID" not in shown["nodes"]["pi-1"]
