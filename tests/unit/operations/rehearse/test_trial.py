"""The trial on a node: its Job, the answer of its pod, and what the kubelet counts."""

from collections.abc import Callable
from itertools import count
from typing import Any
from unittest.mock import Mock

import pytest

from operations.rehearse import job, trial
from operations.rehearse.trial import START, ContainerRun, Trial
from pi_mesh.cluster.errors import Forbidden
from pi_mesh.cluster.kubelet import ContainerId, NotAnswered
from pi_mesh.cluster.pod_lifecycle import Startup
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient

NAMESPACE, JOB = "istio-system", "rehearsal-x"
POD = f"pod {NAMESPACE}/rehearsal-x-1"
JOBS, PODS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", f"/api/v1/namespaces/{NAMESPACE}/pods"
EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"
WAITING = {"state": {"waiting": {"reason": "ContainerCreating"}}}
SERVING, STARTING = {"state": {"running": {}}, "ready": True}, {"state": {"running": {}}, "ready": False}
ENVOY = ContainerId("trial", "rehearsal-pi-1", "envoy")
FORBIDDEN = 'pods "rehearsal-x-" is forbidden: violates PodSecurity "baseline:latest"'


def ended(code: int, reason: str = "Completed") -> dict:
    return {"state": {"terminated": {"exitCode": code, "reason": reason}}}


DONE, ABORTED = ended(0), ended(134, "Error")


def pod(*states: dict[str, Any], **status: object) -> dict[str, Any]:
    entries = [{"name": name, **state} for name, state in zip(("version", "envoy"), states, strict=False)]
    return {
        "metadata": {"namespace": NAMESPACE, "name": "rehearsal-x-1", "labels": {"job-name": JOB}},
        "status": {"phase": "Running", "containerStatuses": entries, **status},
    }


def pulling(reason: str = "ImagePullBackOff", tries: int = 0) -> Trial:
    """Return the trial of a pod whose containers wait for their image."""
    return trial.parse_trial(pod(WAITING, WAITING), {POD: Startup(POD, reason, "manifest unknown", tries=tries)})


def test_a_pod_whose_containers_have_all_started_has_no_startup_left():
    answer = trial.parse_trial(pod(DONE, SERVING), {})
    assert answer.startup is None
    assert answer.containers == {"version": ContainerRun(0, reason="Completed"), "envoy": ContainerRun(ready=True)}


def test_each_container_pulls_and_their_failures_count_once():
    assert pulling(tries=4).startup == Startup(POD, "ImagePullBackOff", "manifest unknown", tries=2)


@pytest.mark.parametrize("tries", [3, 4])
def test_without_any_container_each_failed_pull_is_one_try(tries):
    startup = Startup(POD, "ErrImagePull", tries=tries)
    assert trial.parse_trial({"metadata": pod()["metadata"]}, {POD: startup}).startup == startup


def test_a_pod_that_its_kubelet_refuses_is_not_tried():
    reason, message = "OutOfmemory", "Node didn't have enough resource: memory"
    answer = trial.parse_trial(pod(phase="Failed", reason=reason, message=message), {})
    assert answer.refusal == f"{reason}: {message}"
    assert answer.is_settled(1)


@pytest.mark.parametrize(("answer", "lived", "settled"), [
    pytest.param(pulling("pulling"), 500, False, id="a pull"),
    pytest.param(pulling(tries=10), 1, True, id="a missing image is settled after three pulls"),
    pytest.param(pulling(tries=4), 1, False, id="two pulls"),
    pytest.param(trial.parse_trial(pod(DONE, SERVING), {}), 1, True, id="all answers"),
    pytest.param(trial.parse_trial(pod(DONE, ABORTED), {}), 1, True, id="an envoy that has ended"),
    pytest.param(trial.parse_trial(pod(DONE, STARTING), {}), 1, False, id="an envoy that starts"),
    pytest.param(trial.parse_trial(pod(DONE, STARTING), {}), START + 1, True, id="an envoy that starts too long"),
    pytest.param(trial.parse_trial(pod(SERVING, SERVING), {}), 1, False, id="a program that has not ended"),
    pytest.param(trial.parse_trial(pod(SERVING, SERVING), {}), START + 1, True, id="a program that never ends"),
    pytest.param(Trial(containers={"envoy": ContainerRun()}, seconds=300), 301, False, id="the pull is not its"),
])  # fmt: skip
def test_a_trial_waits_for_every_answer_but_not_for_ever(answer, lived, settled):
    assert answer.is_settled(lived) is settled


@pytest.fixture
def kubelets(monkeypatch):
    """Let each kubelet answer with its node's name, and that of pi-2 not at all."""

    def answer(kind: str, node: str) -> str:
        if node == "pi-2":
            raise NotAnswered(f"{kind}: forbidden")
        return f"{kind} of {node}"

    for kind in ("clock", "disks"):
        monkeypatch.setattr(trial.kubelet, kind, lambda _, node, kind=kind: answer(kind, node))


@pytest.mark.usefixtures("kubelets")
def test_each_node_gets_the_answers_of_its_own_kubelet_or_the_reason_why_there_are_none():
    counters = trial.read_counters(None, {"pi-1": None, "pi-2": None})
    assert (counters["pi-1"].clock, counters["pi-1"].disks) == ("clock of pi-1", "disks of pi-1")
    assert (counters["pi-2"].clock, counters["pi-2"].disks) == ("clock: forbidden", "disks: forbidden")
    assert counters["pi-1"].memory_limit == "no Envoy of the trial runs there"


@pytest.mark.usefixtures("kubelets")
@pytest.mark.parametrize(("answers", "memory_limit"), [
    pytest.param([{}, {}, {ENVOY: Mock(memory_limit=7)}], 7, id="it is asked until it counts the envoy"),
    pytest.param([], "the kubelet does not count the trial's container", id="it never counts the envoy"),
])  # fmt: skip
def test_the_kubelet_is_asked_for_the_limit_of_the_trials_envoy(monkeypatch, seconds, answers, memory_limit):
    remaining = list(answers)
    monkeypatch.setattr(trial.kubelet, "counters", lambda *_: remaining.pop(0) if remaining else {})
    (counters,) = trial.read_counters(None, {"pi-1": ENVOY}).values()
    assert (counters.memory_limit, remaining) == (memory_limit, [])
    assert (sum(seconds) >= 20) is (not answers)


@pytest.fixture(autouse=True)
def seconds(monkeypatch) -> list[float]:
    """Return the length of each pause; the clock stands still but for these."""
    pauses: list[float] = []
    monkeypatch.setattr(trial.time, "monotonic", lambda: sum(pauses))
    monkeypatch.setattr(trial.time, "sleep", pauses.append)
    return pauses


@pytest.fixture
def client() -> FakeClient:
    client = FakeClient({PODS: {"items": [pod(DONE, SERVING)]}})
    logs = f"{PODS}/rehearsal-x-1/log?limitBytes={trial.LOG_BYTES}&container="
    client.relayed = {f"{logs}version": (200, "version: 1"), f"{logs}envoy": (404, "gone")}
    return client


def tried(client: FakeClient, say: Callable[[str], object] = lambda _: None, patience: float = 900) -> Trial:
    jobs = {"pi-1": job.trial_job(make_settings(), "dev", NAMESPACE, "pi-1")}
    with trial.running_trials(client, jobs, patience, say) as answers:
        assert ("delete", f"{JOBS}/{JOB}") not in client.wrote
        return answers["pi-1"]


def test_a_trial_runs_until_its_answer_is_used_and_is_then_removed(client):
    answer = tried(client)
    assert {name: run.log for name, run in answer.containers.items()} == {"version": "version: 1", "envoy": ""}
    assert client.wrote == [("create", JOBS), ("delete", f"{JOBS}/{JOB}")]


def test_a_trial_is_removed_when_the_command_is_interrupted(client):
    client.answers[PODS] = Mock(side_effect=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        tried(client)
    assert client.wrote[-1] == ("delete", f"{JOBS}/{JOB}")


def test_while_an_image_is_pulled_the_deadline_is_moved_and_the_pull_is_said(client):
    looks = count()
    client.answers[PODS] = lambda: {"items": [pod(WAITING, WAITING) if next(looks) < 60 else pod(DONE, SERVING)]}
    messages: list[str] = []
    answer = tried(client, messages.append)
    assert (answer.startup, answer.seconds) == (None, 60)
    assert [body["spec"]["activeDeadlineSeconds"] for body in client.bodies[1:]] == [100, 125]
    assert 5 <= len(messages) <= 8
    assert messages[0] == "node pi-1: starting"


def test_an_image_that_does_not_come_in_time_is_given_up(client):
    client.answers[PODS] = {"items": [pod(WAITING, WAITING)]}
    answer = tried(client, patience=30)
    assert answer.startup
    assert answer.seconds > 30


@pytest.mark.parametrize(("answers", "refusal"), [
    pytest.param({PODS: {"items": []}, EVENTS: {"items": [{"reason": "FailedCreate", "message": FORBIDDEN}]}},
                 FORBIDDEN, id="a pod that may not be created"),
    pytest.param({f"create {JOBS}": Forbidden("line", "jobs.batch is forbidden")},
                 "its Job was refused: jobs.batch is forbidden", id="a refused job does not stop the others"),
])  # fmt: skip
def test_a_trial_that_is_refused_is_an_answer_with_the_reason(client, answers, refusal):
    client.answers |= answers
    assert tried(client).refusal == refusal
