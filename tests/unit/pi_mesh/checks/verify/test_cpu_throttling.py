"""Judgement of the CPU periods of the mesh's containers."""

from dataclasses import replace
from unittest.mock import Mock

import pytest

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import cpu_throttling
from pi_mesh.cluster import kubelet
from pi_mesh.cluster.kubelet import ContainerId, Counters, NotAnswered, Reading
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import Resources
from tests.support.fake_client import FakeClient
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster, pod_of
from tests.support.snapshots import make_pis

SIDECAR = Container("istio-proxy", limits=Resources(200, 2**28))
SHOP, SECOND, THIRD = (
    Pod("trading", name, node="pi-1", owner="ReplicaSet/shop-7d9f", containers=(Container("app"), SIDECAR))
    for name in ("shop-7d9f-1", "shop-7d9f-2", "shop-7d9f-3")
)


def reading(at: float, periods: int, throttled: int, pod: Pod = SHOP) -> Reading:
    return Reading({ContainerId("trading", pod.name, "istio-proxy"): Counters(at, periods, throttled)}, {})


def counted(*readings: Reading, **unread: str) -> Reading:
    """Return the counters of several readings, and the reasons of nodes that gave none."""
    counters = {name: of_one for reading in readings for name, of_one in reading.counters.items()}
    return Reading(counters, {node.replace("_", "-"): reason for node, reason in unread.items()})


def window(first: Reading, last: Reading, *pods: Pod) -> Observation:
    return replace(in_cluster(HEALTHY, pods=pods or (SHOP,)), cpu_window=Mock(readings=lambda: (first, last)))


NOTHING = Reading({}, {})
THROTTLED = "deployment trading/shop: its sidecar is throttled in {} % of its CPU periods at 200m, counted {}"
AT_LIMIT = f"WARNING {THROTTLED.format(38, 'over 30 s')}; raise proxy.resources.limits.cpu$"
LIFE_40, LIFE_41 = (f"WARNING {THROTTLED.format(percent, 'since its start')}" for percent in (40, 41))
FEW = "OK none has worked for long enough to be judged; see --window$"
MOST = "OK 1 of the mesh are throttled in at most {} % of their CPU periods{}$"
HALF, CALM = reading(100, 6000, 3000), reading(100, 6000, 60, SECOND)
WORST = f"WARNING {THROTTLED.format(50, 'since its start')}"
BRIEF = counted(reading(100, 6000, 606), reading(100, 60, 50, SECOND))
OWN = replace(SHOP, annotations={"sidecar.istio.io/proxyCPULimit": "20m"})
RAISE_OWN = "raise the annotation sidecar.istio.io/proxyCPULimit of its pod template"
NO_RIGHT = "the kubeconfig's user has no right to get nodes/proxy"
UNREAD = f"UNKNOWN node pi-1: …{NO_RIGHT}; {cpu_throttling.RIGHTS}"
TOO_FEW = "; 1 has worked too briefly to be judged"


@table(
    case("a sidecar at its limit", window(reading(100, 5000, 100), reading(130, 5100, 138)), AT_LIMIT, 38),
    case("without a new count", window(reading(100, 6000, 2400), reading(100, 6000, 2400)), LIFE_40, 40),
    case("a past load", window(reading(100, 6000, 2400), reading(130, 6100, 2400)), MOST.format(0, ""), 0),
    case("a count of the same time", window(reading(100, 6000, 2400), reading(100, 6100, 2500)), LIFE_41, 41),
    case("a restart within it", window(reading(100, 9000, 9000), reading(130, 700, 7)), MOST.format(1, ""), 1),
    case("a proxy that has only started", window(NOTHING, reading(100, 60, 50)), FEW, 0),
    case("the worst of the pods", window(NOTHING, counted(HALF, CALM), SHOP, SECOND), WORST, 50),
    case("in any order", window(NOTHING, counted(HALF, CALM), SECOND, SHOP), WORST, 50),
    case("a pod's own limit", window(NOTHING, reading(100, 6000, 6000), OWN), f"WARNING ; {RAISE_OWN}", 100),
    case("a node", window(NOTHING, counted(pi_1="gave no answer")), "UNKNOWN node pi-1: …gave no answer$", None),
    case("a missing right", window(NOTHING, counted(pi_1=NO_RIGHT)), UNREAD, None),
    case("another node", window(NOTHING, counted(reading(100, 6000, 60), pi_2="no answer")), "UNKNOWN \nOK ", 1),
    case("a quarter", window(NOTHING, reading(100, 600, 150)), "WARNING 25 %", 25),
    case("less than a quarter", window(NOTHING, reading(100, 600, 149)), MOST.format(25, ""), 25),
    case("one percent", window(NOTHING, reading(100, 600, 6)), MOST.format(1, ""), 1),
    case("50 periods", window(reading(100, 5000, 5000), reading(130, 5050, 5050)), "WARNING over 30 s", 100),
    case("of 49", window(reading(100, 5000, 5000), reading(130, 5049, 5049)), "WARNING since its start", 100),
    case("a life of 599 periods", window(NOTHING, reading(100, 599, 599)), FEW, 0),
    case("some worked too briefly", window(NOTHING, BRIEF, SHOP, SECOND, THIRD), MOST.format(10, TOO_FEW), 10),
)
def test_a_container_is_judged_by_its_share_of_throttled_periods(observed, lines, number):
    rows = list(cpu_throttling.check(observed))
    assert_lines(rows, lines)
    assert rows[-1].number == number


def test_istiod_and_a_gateway_have_keys_of_their_own():
    pods = tuple(pod_of(workload) for workload in HEALTHY.mesh.workloads)
    busy = {ContainerId(pod.namespace, pod.name, "main"): Counters(1, 1000, 900) for pod in pods}
    keys = ("istio", "ingress", "egress")
    lines = "\n".join(f"WARNING is throttled in 90 %…; raise {key}.resources" for key in keys)
    assert_lines(cpu_throttling.check(window(NOTHING, Reading(busy, {}), *pods)), lines)


@pytest.fixture
def counters(monkeypatch) -> Mock:
    """Return the kubelets' counters: a second count follows 30 s after the first."""
    main, slept = ContainerId("istio-system", "istiod-0", "main"), []
    counters = Mock(side_effect=[{main: Counters(30 * count, 1000 * count, 400 * count)} for count in (1, 2)])
    monkeypatch.setattr(kubelet, "Client", FakeClient())
    monkeypatch.setattr(kubelet, "counters", counters)
    monkeypatch.setattr(kubelet.time, "sleep", slept.append)
    monkeypatch.setattr(kubelet.time, "monotonic", lambda: sum(slept))
    return counters


def messages(seconds: int, observed: Observation = HEALTHY) -> list[str]:
    """Return the messages over a window of so many seconds."""
    with kubelet.running_window("test", cpu_throttling.nodes_to_ask(observed), seconds) as running:
        return [row.message for row in cpu_throttling.check(replace(observed, cpu_window=running))]


@pytest.mark.parametrize(("seconds", "counted", "asked"), [(0, "since its start", 1), (30, "over 30 s", 2)])
def test_a_short_run_reads_once_and_a_window_is_waited_for_and_read_twice(counters, seconds, counted, asked):
    assert f"in 40 % of its CPU periods at 500m, counted {counted}" in messages(seconds)[0]
    assert [called.args[1] for called in counters.mock_calls] == ["pi-1"] * asked
    assert kubelet.time.monotonic() == seconds


def test_only_ready_nodes_with_a_container_of_the_mesh_are_asked(counters):
    messages(0, in_cluster(HEALTHY, nodes=make_pis(2, ready=False)))
    assert counters.mock_calls == []


def test_a_kubelet_that_gives_no_answer_is_unknown(counters):
    counters.side_effect = NotAnswered("it gave no answer within 10 s")
    assert messages(0) == ["is unknown for the containers on it: it gave no answer within 10 s"]
