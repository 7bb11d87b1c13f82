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


@pytest.mark.parametrize(("pods", "says"), [
    ([], "its pod was not created: a quota may be full"),
    ([pod(ready=False, nodeName="pi-1")], "call-x-1 is Pending after"),
    ([pod(ready=False)], "call-x-1 is Pending, no node has room for it"),
])  # fmt: skip
def test_a_pod_that_does_not_become_ready_is_named_with_what_it_waits_for(pods, says):
    with pytest.raises(NotReadyError, match=says):
        short_lived.ready(FakeClient({PODS: {"items": pods}}), "trading", "call-x", seconds=0.01)


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
