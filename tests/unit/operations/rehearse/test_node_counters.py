"""The kubelets' answers about the nodes of a trial."""

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
