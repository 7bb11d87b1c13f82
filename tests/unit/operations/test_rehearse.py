"""The command `rehearse`."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest

from operations import stacks
from operations.rehearse import judgement, trial
from operations.rehearse.trial import ContainerRun, NodeCounters, Trial
from operations.short_lived import ShortLived
from pi_mesh.cluster import snapshot
from pi_mesh.cluster.kubelet import Disk, Offset
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.command_line import run_command
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import installed_mesh, make_pis, make_snapshot
from tests.support.versions import BEFORE

run = partial(run_command, "rehearse", "-s", "test")
DONE = ContainerRun(0)
CONTAINERS = {"version": DONE, "envoy": ContainerRun(ready=True), "iptables": DONE, "nftables": DONE}
WELL = Trial(containers=CONTAINERS, pod="x")
DEAD = Trial(containers={**CONTAINERS, "envoy": ContainerRun(134, log="MmapAligned() failed\n")}, pod="y")
ANSWERED = NodeCounters(Offset(-1, 1), [Disk("images", 9, 10)], 2**28)


class Rehearsal:
    """The cluster of a rehearsal, and what was run there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, Trial] = {}
        self.trials: dict[str, ShortLived] = {}
        self.counted: dict[str, object] = {}
        self.cluster, self.settings, self.client = make_snapshot(), make_settings(), FakeClient()
        monkeypatch.setattr(stacks, "load_with_state", lambda _: (self.settings, lambda: NEVER_RUN))
        monkeypatch.setattr(stacks, "load_changed", lambda _, to: make_settings(istio={"version": to["istio.version"]}))
        monkeypatch.setattr(snapshot, "read", lambda _: self.cluster)
        monkeypatch.setattr(judgement, "Client", lambda _: self.client)
        monkeypatch.setattr(trial, "running_trials", self._running)
        monkeypatch.setattr(trial, "read_counters", self._read)

    @contextmanager
    def _running(self, _: object, trials: Mapping[str, ShortLived], *__: object) -> Iterator[dict]:
        self.trials = dict(trials)
        yield {node: self.answers.get(node, WELL) for node in trials}

    @property
    def pull_secrets(self) -> list[str]:
        return [entry["name"] for entry in self.trials["pi-1"].pod["imagePullSecrets"]]

    def _read(self, _: object, envoys: Mapping[str, object]) -> dict[str, NodeCounters]:
        self.counted = dict(envoys)
        return dict.fromkeys(envoys, ANSWERED)


@pytest.fixture
def rehearsal(monkeypatch) -> Rehearsal:
    return Rehearsal(monkeypatch)


def test_every_ready_node_is_tried_and_the_others_are_unknown(rehearsal):
    cordoned, gone, well = make_pis(3)
    rehearsal.cluster = make_snapshot(nodes=(replace(cordoned, cordoned=True), replace(gone, ready=False), well))
    result = run()
    assert (result.exit_code, list(rehearsal.trials)) == (0, ["pi-3"])
    for reason in ("is cordoned", "is not Ready"):
        assert f"{reason}: nothing was tried there" in result.output


def test_one_node_on_which_the_proxy_does_not_run_is_status_1_and_is_named(rehearsal):
    rehearsal.answers["pi-2"] = DEAD
    result = run("--json")
    report = json.loads(result.output)
    assert result.exit_code == report["status"] == 1
    (error,) = [finding for finding in report["findings"] if finding["level"] == "error"]
    assert (error["id"], error["kind"], error["name"]) == ("envoy", "node", "pi-2")
    assert report["verdict"] == "stack test: a node has a problem with the proxy"
    assert [node for node, envoy in rehearsal.counted.items() if envoy is None] == ["pi-2"]


@pytest.mark.parametrize(("installed", "options", "namespace"), [
    pytest.param({}, (), "default", id="before an install where a namespace is"),
    pytest.param(installed_mesh(), (), "istio-system", id="where the pull secrets are"),
    pytest.param(installed_mesh(), ("--namespace", "scratch"), "scratch", id="a namespace that is named"),
])  # fmt: skip
def test_the_jobs_run_in_a_namespace_that_is_there(rehearsal, installed, options, namespace):
    rehearsal.cluster = make_snapshot(**installed)
    run(*options)
    assert {trial.namespace for trial in rehearsal.trials.values()} == {namespace}


def test_the_image_of_a_version_to_come_can_be_tried(rehearsal):
    run("--to", BEFORE)
    images = {trial.containers[0]["image"] for trial in rehearsal.trials.values()}
    assert images == {f"docker.io/istio/proxyv2:{BEFORE}"}


def test_pull_secrets_that_are_not_there_are_said(rehearsal):
    images = {"hub": "registry.example/istio", "pullSecrets": ["mine"], "login": {"username": "pi"}}
    rehearsal.settings = make_settings(images=images)
    result = run()
    assert (result.exit_code, rehearsal.pull_secrets) == (0, ["mine", "pi-mesh-registry"])
    assert [name for name in rehearsal.pull_secrets if f"secret default/{name}" not in result.output] == []
