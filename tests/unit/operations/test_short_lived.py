"""Workloads that an operation runs for some seconds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operations import short_lived
from operations.short_lived import DEADLINE, GRACE, TTL, NotReadyError, ShortLived
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.fake_client import FakeClient

WORKLOAD = ShortLived("trading", "call", "dev", ({"name": "server", "image": "proxy"},))
PODS, JOBS = "/api/v1/namespaces/trading/pods", "/apis/batch/v1/namespaces/trading/jobs"
LONGEST = 120


def pod(ready: bool = True) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {
        "metadata": {"namespace": "trading", "name": "call-x-1"},
        "spec": {"nodeName": "pi-1"},
        "status": {"phase": "Pending", "conditions": conditions},
    }


def test_the_cluster_itself_ends_and_removes_a_job_within_two_minutes():
    spec = WORKLOAD.job()["spec"]
    assert spec["activeDeadlineSeconds"] + spec["ttlSecondsAfterFinished"] + GRACE < LONGEST
    assert spec["backoffLimit"] == 0


def test_the_job_and_its_pod_carry_our_label_and_the_stack():
    job = WORKLOAD.job()
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        assert metadata["labels"] == {SHORT_LIVED_LABEL: "call"}
        assert metadata["annotations"] == {"pi-mesh/stack": "pi-mesh/dev"}


def test_a_workload_is_removed_when_it_has_served():
    client = FakeClient({PODS: {"items": [pod()]}})
    with short_lived.running(client, WORKLOAD) as found:
        assert found.name == "call-x-1"
    assert client.wrote == [("create", JOBS), ("delete", f"{JOBS}/call-x")]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_workload_is_removed_whatever_ends_the_run(error):
    client = FakeClient({PODS: {"items": [pod()]}})
    with pytest.raises(error), short_lived.running(client, WORKLOAD):
        raise error
    assert client.wrote[-1] == ("delete", f"{JOBS}/call-x")


@pytest.mark.parametrize(
    ("pods", "says"),
    [([], "its pod was not created: a quota may be full"), ([pod(ready=False)], "call-x-1 is Pending")],
)
def test_a_pod_that_does_not_become_ready_is_removed_and_said(pods, says):
    client = FakeClient({PODS: {"items": pods}})
    with pytest.raises(NotReadyError, match=says), short_lived.running(client, WORKLOAD, seconds=0.01):
        pass
    assert client.wrote[-1] == ("delete", f"{JOBS}/call-x")


def test_the_next_run_removes_what_is_past_its_time_and_leaves_what_another_run_uses():
    now = datetime.now(UTC)
    past = DEADLINE + TTL + GRACE + 1
    jobs = {"old": (past, DEADLINE), "young": (DEADLINE, DEADLINE), "prolonged": (past, 2 * DEADLINE)}
    born = {name: (now - timedelta(seconds=age)).isoformat() for name, (age, _) in jobs.items()}
    items = [
        {
            "metadata": {"namespace": "trading", "name": name, "creationTimestamp": born[name]},
            "spec": {"activeDeadlineSeconds": deadline},
        }
        for name, (_, deadline) in jobs.items()
    ]
    client = FakeClient({"/apis/batch/v1/jobs": {"items": items}})
    assert short_lived.sweep(client, now) == 1
    assert client.wrote == [("delete", f"{JOBS}/old")]


def test_a_prolonged_job_ends_the_usual_time_from_now():
    client = FakeClient()
    short_lived.prolong(client, "trading", "call-x", lived=60.4)
    assert client.wrote == [("patch", f"{JOBS}/call-x")]
    assert client.bodies == [{"spec": {"activeDeadlineSeconds": 60 + DEADLINE}}]
