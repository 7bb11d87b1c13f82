"""The window of `verify` in which the kubelets' counters are read."""

import pytest

from operations.verify import cpu_window
from pi_mesh.cluster import kubelet
from pi_mesh.cluster.kubelet import ContainerId, Counters, NotAnswered
from tests.support.fake_client import FakeClient
from tests.support.healthy_mesh import in_cluster, make_verification
from tests.support.snapshots import make_pis

ISTIOD = ContainerId("istio-system", "istiod-0", "main")


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """Return the nodes in the order in which they were asked; a second count follows 30 s after the first."""
    nodes: list[str] = []

    def counted(_: object, node: str) -> dict[ContainerId, Counters]:
        nodes.append(node)
        number = nodes.count(node)
        return {ISTIOD: Counters(30 * number, 1000 * number, 400 * number)}

    monkeypatch.setattr(cpu_window, "Client", FakeClient())
    monkeypatch.setattr(kubelet, "counters", counted)
    return nodes


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(cpu_window.time, "sleep", pauses.append)
    monkeypatch.setattr(cpu_window.time, "monotonic", lambda: sum(pauses))
    return pauses


def found(seconds: int) -> str:
    seen = make_verification()
    with cpu_window.running_window(seen) as window:
        (finding,) = window.found(seen, seconds)
    return finding.message


@pytest.mark.usefixtures("slept")
def test_a_short_run_reads_once_and_judges_the_containers_life(asked):
    assert "in 40 % of its CPU periods at 500m, counted since its start" in found(0)
    assert asked == ["pi-1"]


def test_a_window_is_waited_for_and_read_twice(asked, slept):
    assert "in 40 % of its CPU periods at 500m, counted over 30 s" in found(30)
    assert sum(slept) == 30
    assert asked == ["pi-1", "pi-1"]


@pytest.mark.usefixtures("slept")
def test_only_ready_nodes_with_a_container_of_the_mesh_are_asked(asked):
    seen = in_cluster(make_verification(), nodes=make_pis(2, ready=False))
    with cpu_window.running_window(seen) as window:
        window.found(seen, 0)
    assert asked == []


@pytest.mark.usefixtures("slept", "asked")
def test_a_kubelet_that_gives_no_answer_is_unknown(monkeypatch):
    def silent(*_: object) -> None:
        raise NotAnswered("it gave no answer within 10 s")

    monkeypatch.setattr(kubelet, "counters", silent)
    assert found(0) == "is unknown for the containers on it: it gave no answer within 10 s"


def test_a_window_that_has_passed_already_is_not_awaited(slept, asked):
    found(0)
    assert slept == [0.0]
    assert asked
