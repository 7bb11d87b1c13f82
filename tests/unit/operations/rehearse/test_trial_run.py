"""The run of the trials."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from operations.rehearse import trial_pod, trial_run
from operations.rehearse.trial import Trial
from operations.rehearse.trial_login import Login
from pi_mesh.cluster.errors import Forbidden
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient

NAMESPACE = "istio-system"
JOBS, PODS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", f"/api/v1/namespaces/{NAMESPACE}/pods"
EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"
JOB = "rehearsal-x"


@pytest.fixture(autouse=True)
def seconds(monkeypatch) -> list[float]:
    """Return the length of each pause; the clock stands still but for these."""
    paused: list[float] = []
    monkeypatch.setattr(trial_run.time, "monotonic", lambda: sum(paused))
    monkeypatch.setattr(trial_run.time, "sleep", paused.append)
    return paused


def pod(*states: dict[str, Any]) -> dict[str, Any]:
    entries = [{"name": name, **state} for name, state in zip(("version", "envoy"), states, strict=True)]
    return {
        "metadata": {"namespace": NAMESPACE, "name": "rehearsal-x-1", "labels": {"job-name": JOB}},
        "status": {"phase": "Running", "containerStatuses": entries},
    }


DONE, SERVING = {"state": {"terminated": {"exitCode": 0}}}, {"state": {"running": {}}, "ready": True}
WAITING = {"state": {"waiting": {"reason": "ContainerCreating"}}}


@pytest.fixture
def client() -> FakeClient:
    client = FakeClient({PODS: {"items": [pod(DONE, SERVING)]}})
    logs = f"{PODS}/rehearsal-x-1/log?limitBytes={trial_run.LOG_BYTES}&container="
    client.relayed = {f"{logs}version": (200, "AT_PAGESZ: 4096"), f"{logs}envoy": (404, "gone")}
    return client


def tried(
    client: FakeClient, say: Callable[[str], object] = print, patience: float = 900, login: Login | None = None
) -> Trial:
    wanted = {"pi-1": trial_pod.of(make_settings(), "dev", NAMESPACE, "pi-1")}
    with trial_run.running(client, wanted, login, patience, say) as answers:
        assert ("delete", f"{JOBS}/{JOB}") not in client.wrote
        return answers["pi-1"]


def later(*answers: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """Return a function that gives these lists of pods in order, the last one for ever."""
    numbers = count()
    return lambda: {"items": [answers[min(next(numbers), len(answers) - 1)]]}


def test_a_trial_runs_until_its_answer_is_used_and_is_then_removed(client):
    found = tried(client)
    assert found.containers["version"].log == "AT_PAGESZ: 4096"
    assert found.containers["envoy"].log == ""
    assert client.wrote == [("create", JOBS), ("delete", f"{JOBS}/{JOB}")]


def test_a_trial_is_removed_when_the_command_is_interrupted(client):
    def interrupted() -> None:
        raise KeyboardInterrupt

    client.answers[PODS] = interrupted
    with pytest.raises(KeyboardInterrupt):
        tried(client)
    assert client.wrote[-1] == ("delete", f"{JOBS}/{JOB}")


def test_while_an_image_is_pulled_the_deadline_is_moved_and_the_pull_is_said(client):
    client.answers[PODS] = later(*[pod(WAITING, WAITING)] * 60, pod(DONE, SERVING))
    said: list[str] = []
    found = tried(client, said.append)
    assert found.startup is None
    assert found.seconds == 60
    deadlines = [body["spec"]["activeDeadlineSeconds"] for body in client.bodies[1:]]
    assert deadlines == [100, 125]
    assert 5 <= len(said) <= 8
    assert said[0] == "node pi-1: starting"


def test_an_image_that_does_not_come_in_time_is_given_up(client):
    client.answers[PODS] = {"items": [pod(WAITING, WAITING)]}
    found = tried(client, lambda _: None, patience=30)
    assert found.startup
    assert found.seconds > 30


def test_a_pod_that_may_not_be_created_is_said_with_the_reason(client):
    message = 'pods "rehearsal-x-" is forbidden: violates PodSecurity "baseline:latest"'
    client.answers |= {PODS: {"items": []}, EVENTS: {"items": [{"reason": "FailedCreate", "message": message}]}}
    assert tried(client, lambda _: None).refusal == message


def test_a_refused_job_is_an_answer_and_does_not_stop_the_others(client):
    client.answers[f"create {JOBS}"] = Forbidden("line", "jobs.batch is forbidden")
    assert tried(client).refusal == "its Job was refused: jobs.batch is forbidden"


def test_the_login_of_the_trials_belongs_to_their_jobs_and_goes_with_them(client):
    tried(client, login=Login("rehearsal-login", "e30=", "dev"))
    assert client.wrote[:2] == [("create", JOBS), ("create", f"/api/v1/namespaces/{NAMESPACE}/secrets")]
    secret = client.bodies[1]
    assert secret["metadata"]["ownerReferences"] == [
        {"apiVersion": "batch/v1", "kind": "Job", "name": JOB, "uid": f"uid-of-{JOB}"}
    ]
    assert secret["data"] == {".dockerconfigjson": "e30="}
