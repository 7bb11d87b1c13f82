"""Workloads that an operation runs for some seconds."""

from datetime import UTC, datetime, timedelta

import pytest

from operations import short_lived
from operations.short_lived import DEADLINE, GRACE, TTL, NotReadyError, ShortLived
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.fake_client import FakeClient

WORKLOAD = ShortLived("trading", "call", "dev", ({"name": "server", "image": "proxy"},))
PODS, JOBS = "/api/v1/namespaces/trading/pods", "/apis/batch/v1/namespaces/trading/jobs"


def pod(ready: bool = True, **spec: str) -> dict:
    return {
        "metadata": {"namespace": "trading", "name": "call-x-1"},
        "spec": spec,
        "status": {"phase": "Pending", "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def test_the_cluster_itself_ends_and_removes_a_job_within_two_minutes():
    spec = WORKLOAD.job()["spec"]
    assert spec["activeDeadlineSeconds"] + spec["ttlSecondsAfterFinished"] + GRACE < 120
    assert spec["backoffLimit"] == 0


def test_the_job_and_its_pod_carry_our_label_and_the_stack():
    job = WORKLOAD.job()
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        assert metadata["labels"] == {SHORT_LIVED_LABEL: "call"}
        assert metadata["annotations"] == {"pi-mesh/stack": "pi-mesh/dev"}


def test_a_workload_is_removed_when_it_has_served():
    client = FakeClient({PODS: {"items": [pod()]}})
    with short_lived.running(client, WORKLOAD) as served:
        assert (served.name, client.wrote) == ("call-x-1", [("create", JOBS)])
    assert client.wrote[1:] == [("delete", f"{JOBS}/call-x")]


@pytest.mark.parametrize(("pods", "error", "says"), [
    ([pod()], KeyboardInterrupt, None),
    ([pod()], ValueError, None),
    ([], NotReadyError, "its pod was not created: a quota may be full"),
    ([pod(ready=False, nodeName="pi-1")], NotReadyError, "call-x-1 is Pending after"),
    ([pod(ready=False)], NotReadyError, "call-x-1 is Pending, no node has room for it"),
])  # fmt: skip
def test_a_workload_is_removed_whatever_ends_the_run(pods, error, says):
    client = FakeClient({PODS: {"items": pods}})
    with pytest.raises(error, match=says), short_lived.running(client, WORKLOAD, seconds=0.01):
        raise error
    assert client.wrote[-1] == ("delete", f"{JOBS}/call-x")


@pytest.mark.parametrize(("age", "deadline", "removed"), [
    pytest.param(DEADLINE + TTL + GRACE + 1, DEADLINE, True, id="past its time"),
    pytest.param(DEADLINE + TTL + GRACE - 1, DEADLINE, False, id="not yet past its time"),
    pytest.param(DEADLINE + TTL + GRACE + 1, 2 * DEADLINE, False, id="prolonged"),
])  # fmt: skip
def test_the_next_run_removes_what_is_past_its_time_and_leaves_what_another_run_uses(age, deadline, removed):
    now = datetime.now(UTC)
    metadata = {"namespace": "trading", "name": "old", "creationTimestamp": (now - timedelta(seconds=age)).isoformat()}
    job = {"metadata": metadata, "spec": {"activeDeadlineSeconds": deadline}}
    client = FakeClient({"/apis/batch/v1/jobs": {"items": [job]}})
    client.time = now
    assert short_lived.sweep(client) == removed
    assert client.wrote == [("delete", f"{JOBS}/old")] * removed


def test_a_prolonged_job_ends_the_usual_time_from_now():
    client = FakeClient()
    short_lived.prolong(client, "trading", "call-x", lived=60.4)
    assert client.wrote == [("patch", f"{JOBS}/call-x")]
    assert client.bodies == [{"spec": {"activeDeadlineSeconds": 60 + DEADLINE}}]
