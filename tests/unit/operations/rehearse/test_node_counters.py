"""The kubelets' answers about the nodes of a trial."""

from unittest.mock import Mock

import pytest

from operations.rehearse import node_counters
from pi_mesh.cluster.kubelet import NotAnswered


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
        monkeypatch.setattr(node_counters.kubelet, kind, answer(kind))


@pytest.mark.usefixtures("kubelets")
def test_each_node_gets_the_answers_of_its_own_kubelet_or_the_reason_why_there_are_none():
    found = node_counters.read(None, {"pi-1": None, "pi-2": None})
    assert {name: (one.clock, one.disks) for name, one in found.items()} == {
        "pi-1": ("clock of pi-1", "disks of pi-1"),
        "pi-2": ("clock: forbidden", "disks: forbidden"),
    }


@pytest.mark.usefixtures("kubelets")
def test_a_node_without_a_running_envoy_has_no_memory_limit_to_read():
    (found,) = node_counters.read(None, {"pi-1": None}).values()
    assert found.memory_limit == "no Envoy of the trial runs there"


ENVOY = node_counters.envoy("trial", "rehearsal-pi-1")


@pytest.mark.usefixtures("kubelets")
def test_the_kubelet_is_asked_until_it_counts_the_trials_envoy(monkeypatch):
    answers = [{}, {}, {ENVOY: Mock(memory_limit=7)}]
    monkeypatch.setattr(node_counters.kubelet, "counters", lambda *_: answers.pop(0))
    monkeypatch.setattr(node_counters.time, "sleep", lambda _: None)
    (found,) = node_counters.read(None, {"pi-1": ENVOY}).values()
    assert (found.memory_limit, answers) == (7, [])


@pytest.mark.usefixtures("kubelets")
def test_a_kubelet_that_never_counts_the_envoy_leaves_its_limit_unknown(monkeypatch):
    clock = iter((0.0, 20.0, 20.5))
    monkeypatch.setattr(node_counters.kubelet, "counters", lambda *_: {})
    monkeypatch.setattr(node_counters.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(node_counters.time, "sleep", lambda _: None)
    (found,) = node_counters.read(None, {"pi-1": ENVOY}).values()
    assert found.memory_limit == "the kubelet does not count the trial's container"
