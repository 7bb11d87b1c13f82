"""The answer of a node, as its pod tells it."""

from collections.abc import Callable
from itertools import count
from typing import Any
from unittest.mock import Mock

import pytest

from operations.rehearse import job, trial
from operations.rehearse.job import Login
from operations.rehearse.trial import START, ContainerRun, Trial
from pi_mesh.cluster.errors import Forbidden
from pi_mesh.cluster.kubelet import NotAnswered
from pi_mesh.cluster.pod_lifecycle import Startup
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient

POD = "pod istio-system/rehearsal-1"
NAMES = ("version", "envoy")


def item(*states: dict, **status: object) -> dict:
    entries = [{"name": name, **state} for name, state in zip(NAMES, states, strict=False)]
    return {
        "metadata": {"namespace": "istio-system", "name": "rehearsal-1"},
        "status": {"phase": "Running", "containerStatuses": entries, **status},
    }


def ended(code: int, reason: str = "Completed") -> dict:
    return {"state": {"terminated": {"exitCode": code, "reason": reason}}}


WAITING = {"state": {"waiting": {"reason": "ContainerCreating"}}}
SERVING, STARTING = {"state": {"running": {}}, "ready": True}, {"state": {"running": {}}, "ready": False}


def test_a_pod_whose_containers_have_all_started_has_no_startup_left():
    found = trial.parse_trial(item(ended(0), SERVING), {})
    assert found.startup is None
    assert found.containers == {"version": ContainerRun(0, reason="Completed"), "envoy": ContainerRun(ready=True)}


def test_a_pod_that_pulls_is_at_its_startup():
    pulling = Startup(POD, "pulling")
    found = trial.parse_trial(item(WAITING, WAITING), {POD: pulling})
    assert found.startup == pulling
    assert not found.is_settled(500)


def test_each_container_pulls_and_their_failures_count_once():
    failing = Startup(POD, "ImagePullBackOff", "not found", tries=4)
    found = trial.parse_trial(item(WAITING, WAITING), {POD: failing})
    assert found.startup
    assert found.startup.tries == 2


@pytest.mark.parametrize(("tries", "settled"), [(5, True), (2, False)])
def test_a_missing_image_is_settled_after_three_pulls(tries, settled):
    failing = Startup(POD, "ImagePullBackOff", "manifest unknown", tries=2 * tries)
    assert trial.parse_trial(item(WAITING, WAITING), {POD: failing}).is_settled(1) is settled


def test_a_pod_that_its_kubelet_refuses_is_not_tried():
    refused = item(phase="Failed", reason="OutOfmemory", message="Node didn't have enough resource: memory")
    found = trial.parse_trial(refused, {})
    assert found.refusal == "OutOfmemory: Node didn't have enough resource: memory"
    assert found.is_settled(1)


@pytest.mark.parametrize(
    ("states", "lived", "settled"),
    [
        ((ended(0), SERVING), 1, True),
        ((ended(0), ended(134, "Error")), 1, True),
        ((ended(0), STARTING), 1, False),
        ((ended(0), STARTING), START + 1, True),
        ((SERVING, SERVING), 1, False),
        ((SERVING, SERVING), START + 1, True),
    ],
)
def test_a_trial_waits_for_every_answer_but_not_for_ever(states, lived, settled):
    assert trial.parse_trial(item(*states), {}).is_settled(lived) is settled


def test_the_time_of_the_pull_is_not_envoys():
    assert not Trial(containers={"envoy": ContainerRun()}, seconds=300).is_settled(301)


@pytest.mark.parametrize(("tries", "pods"), [(3, 3), (4, 4)])
def test_without_any_container_each_failed_pull_is_one_try(tries, pods):
    meta = {"name": "trial-x", "namespace": "istio-system"}
    states = {"pod istio-system/trial-x": Startup("pod istio-system/trial-x", "ErrImagePull", tries=tries)}
    startup = trial.parse_trial({"metadata": meta}, states).startup
    assert startup is not None
    assert startup.tries == pods


@pytest.fixture
def kubelets(monkeypatch):
    """Let each kubelet answer with its node's name, and that of pi-2 not at all."""

    def answer(kind: str):
        def of(_client, node: str):
            if node == "pi-2":
                raise NotAnswered(f"{kind}: forbidden")
            return f"{kind} of {node}"

        return of

    for kind in ("clock", "disks"):
        monkeypatch.setattr(trial.kubelet, kind, answer(kind))


@pytest.mark.usefixtures("kubelets")
def test_each_node_gets_the_answers_of_its_own_kubelet_or_the_reason_why_there_are_none():
    found = trial.read_counters(None, {"pi-1": None, "pi-2": None})
    assert {name: (one.clock, one.disks) for name, one in found.items()} == {
        "pi-1": ("clock of pi-1", "disks of pi-1"),
        "pi-2": ("clock: forbidden", "disks: forbidden"),
    }


@pytest.mark.usefixtures("kubelets")
def test_a_node_without_a_running_envoy_has_no_memory_limit_to_read():
    (found,) = trial.read_counters(None, {"pi-1": None}).values()
    assert found.memory_limit == "no Envoy of the trial runs there"


ENVOY = trial.envoy_container("trial", "rehearsal-pi-1")


@pytest.mark.usefixtures("kubelets")
def test_the_kubelet_is_asked_until_it_counts_the_trials_envoy(monkeypatch):
    answers = [{}, {}, {ENVOY: Mock(memory_limit=7)}]
    monkeypatch.setattr(trial.kubelet, "counters", lambda *_: answers.pop(0))
    monkeypatch.setattr(trial.time, "sleep", lambda _: None)
    (found,) = trial.read_counters(None, {"pi-1": ENVOY}).values()
    assert (found.memory_limit, answers) == (7, [])


@pytest.mark.usefixtures("kubelets")
def test_a_kubelet_that_never_counts_the_envoy_leaves_its_limit_unknown(monkeypatch):
    clock = iter((0.0, 20.0, 20.5))
    monkeypatch.setattr(trial.kubelet, "counters", lambda *_: {})
    monkeypatch.setattr(trial.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(trial.time, "sleep", lambda _: None)
    (found,) = trial.read_counters(None, {"pi-1": ENVOY}).values()
    assert found.memory_limit == "the kubelet does not count the trial's container"


NAMESPACE = "istio-system"
JOBS, PODS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", f"/api/v1/namespaces/{NAMESPACE}/pods"
EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"
JOB = "rehearsal-x"


@pytest.fixture(autouse=True)
def seconds(monkeypatch) -> list[float]:
    """Return the length of each pause; the clock stands still but for these."""
    paused: list[float] = []
    monkeypatch.setattr(trial.time, "monotonic", lambda: sum(paused))
    monkeypatch.setattr(trial.time, "sleep", paused.append)
    return paused


def pod(*states: dict[str, Any]) -> dict[str, Any]:
    entries = [{"name": name, **state} for name, state in zip(("version", "envoy"), states, strict=True)]
    return {
        "metadata": {"namespace": NAMESPACE, "name": "rehearsal-x-1", "labels": {"job-name": JOB}},
        "status": {"phase": "Running", "containerStatuses": entries},
    }


DONE = {"state": {"terminated": {"exitCode": 0}}}


@pytest.fixture
def client() -> FakeClient:
    client = FakeClient({PODS: {"items": [pod(DONE, SERVING)]}})
    logs = f"{PODS}/rehearsal-x-1/log?limitBytes={trial.LOG_BYTES}&container="
    client.relayed = {f"{logs}version": (200, "AT_PAGESZ: 4096"), f"{logs}envoy": (404, "gone")}
    return client


def tried(
    client: FakeClient, say: Callable[[str], object] = print, patience: float = 900, login: Login | None = None
) -> Trial:
    wanted = {"pi-1": job.trial_job(make_settings(), "dev", NAMESPACE, "pi-1")}
    with trial.running_trials(client, wanted, login, patience, say) as answers:
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
