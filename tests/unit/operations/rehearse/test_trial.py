"""The answer of a node, as its pod tells it."""

import pytest

from operations.rehearse import trial
from operations.rehearse.trial import START, ContainerRun, Trial
from pi_mesh.cluster.startup import Startup

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
    found = trial.parse(item(ended(0), SERVING), {})
    assert found.startup is None
    assert found.containers == {"version": ContainerRun(0, reason="Completed"), "envoy": ContainerRun(ready=True)}


def test_a_pod_that_pulls_is_at_its_startup():
    pulling = Startup(POD, "pulling")
    found = trial.parse(item(WAITING, WAITING), {POD: pulling})
    assert found.startup == pulling
    assert not found.is_settled(500)


def test_each_container_pulls_and_their_failures_count_once():
    failing = Startup(POD, "ImagePullBackOff", "not found", tries=4)
    found = trial.parse(item(WAITING, WAITING), {POD: failing})
    assert found.startup
    assert found.startup.tries == 2


@pytest.mark.parametrize(("tries", "settled"), [(5, True), (2, False)])
def test_a_missing_image_is_settled_after_three_pulls(tries, settled):
    failing = Startup(POD, "ImagePullBackOff", "manifest unknown", tries=2 * tries)
    assert trial.parse(item(WAITING, WAITING), {POD: failing}).is_settled(1) is settled


def test_a_pod_that_its_kubelet_refuses_is_not_tried():
    refused = item(phase="Failed", reason="OutOfmemory", message="Node didn't have enough resource: memory")
    found = trial.parse(refused, {})
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
    assert trial.parse(item(*states), {}).is_settled(lived) is settled


def test_the_time_of_the_pull_is_not_envoys():
    assert not Trial(containers={"envoy": ContainerRun()}, seconds=300).is_settled(301)


@pytest.mark.parametrize(("tries", "pods"), [(3, 3), (4, 4)])
def test_without_any_container_each_failed_pull_is_one_try(tries, pods):
    meta = {"name": "trial-x", "namespace": "istio-system"}
    states = {"pod istio-system/trial-x": Startup("pod istio-system/trial-x", "ErrImagePull", tries=tries)}
    startup = trial.parse({"metadata": meta}, states).startup
    assert startup is not None
    assert startup.tries == pods
