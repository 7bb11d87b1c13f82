"""Judgement of the CPU periods of the mesh's containers."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import cpu_throttling
from pi_mesh.cluster import kubelet
from pi_mesh.cluster.kubelet import ContainerId, Counters, NotAnswered, Reading
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import Resources
from tests.support.fake_client import FakeClient
from tests.support.healthy_mesh import in_cluster, make_verification, pod_of
from tests.support.snapshots import make_pis

LIMIT = Resources(200, 2**28)
SIDECAR = Container("istio-proxy", limits=LIMIT)
SHOP = Pod("trading", "shop-7d9f-1", node="pi-1", owner="ReplicaSet/shop-7d9f", containers=(Container("app"), SIDECAR))
NAME = ContainerId("trading", "shop-7d9f-1", "istio-proxy")
NOTHING = Reading({}, {})


def reading(at: float, periods: int, throttled: int, name: ContainerId = NAME) -> Reading:
    return Reading({name: Counters(at, periods, throttled)}, {})


class Passed:
    """A window that is over."""

    def __init__(self, *readings: Reading) -> None:
        self._readings = readings

    def readings(self) -> tuple[Reading, ...]:
        return self._readings


def judged(first: Reading, last: Reading, *pods: Pod) -> list[Finding]:
    seen = in_cluster(make_verification(), pods=pods or (SHOP,))
    return list(cpu_throttling.check(replace(seen, cpu_window=Passed(first, last))))


def test_a_sidecar_that_waits_at_its_limit_is_a_warning_with_the_key_that_raises_it():
    before, after = reading(100, 5000, 100), reading(130, 5100, 138)
    (finding,) = judged(before, after)
    assert (finding.level, finding.number) == (Level.WARNING, 38)
    assert str(finding.subject) == "deployment trading/shop"
    assert finding.message == "its sidecar is throttled in 38 % of its CPU periods at 200m, counted over 30 s"
    assert finding.fix == "raise proxy.resources.limits.cpu"


def test_without_a_new_count_the_containers_whole_life_is_judged():
    same = reading(100, 6000, 2400)
    (finding,) = judged(same, same)
    assert "in 40 % of its CPU periods at 200m, counted since its start" in finding.message


def test_a_past_load_does_not_count_in_a_window_without_one():
    (finding,) = judged(reading(100, 6000, 2400), reading(130, 6100, 2400))
    assert (finding.level, finding.number) == (Level.OK, 0)


def test_a_count_that_the_kubelet_has_not_renewed_is_no_window():
    """Kubelets count every 10 to 20 seconds."""
    (finding,) = judged(reading(100, 6000, 2400), reading(100, 6100, 2500))
    assert "in 41 % of its CPU periods at 200m, counted since its start" in finding.message


def test_a_restart_within_the_window_is_no_window():
    (finding,) = judged(reading(100, 9000, 9000), reading(130, 700, 7))
    assert (finding.level, finding.number) == (Level.OK, 1)


def test_a_proxy_that_has_only_started_is_not_judged():
    (finding,) = judged(NOTHING, reading(100, 60, 50))
    assert finding.level is Level.OK
    assert "none has worked for long enough" in finding.message


def test_of_a_workloads_pods_the_worst_is_named():
    other = replace(SHOP, name="shop-7d9f-2")
    calm = reading(100, 6000, 60, ContainerId("trading", "shop-7d9f-2", "istio-proxy"))
    both = Reading({**reading(100, 6000, 3000).counters, **calm.counters}, {})
    for pods in ((SHOP, other), (other, SHOP)):
        (finding,) = judged(NOTHING, both, *pods)
        assert (finding.level, finding.number) == (Level.WARNING, 50)


def test_istiod_and_a_gateway_have_keys_of_their_own():
    seen = make_verification()
    pods = [pod_of(workload) for workload in seen.mesh.workloads]
    busy = {ContainerId(pod.namespace, pod.name, "main"): Counters(1, 1000, 900) for pod in pods}
    busy_pods = replace(in_cluster(seen, pods=tuple(pods)), cpu_window=Passed(NOTHING, Reading(busy, {})))
    found = list(cpu_throttling.check(busy_pods))
    assert {finding.fix.removeprefix("raise ") for finding in found} == {
        "istio.resources.limits.cpu",
        "ingress.resources.limits.cpu",
        "egress.resources.limits.cpu",
    }
    assert all(finding.message.startswith("is throttled in 90 %") for finding in found)


def test_a_pods_own_annotation_is_what_must_be_raised():
    own = replace(SHOP, annotations={"sidecar.istio.io/proxyCPULimit": "20m"})
    (finding,) = judged(NOTHING, reading(100, 6000, 6000), own)
    assert finding.fix == "raise the annotation sidecar.istio.io/proxyCPULimit of its pod template"


@pytest.mark.parametrize(
    ("reason", "fix"),
    [
        ("the kubeconfig's user has no right to get nodes/proxy", cpu_throttling.RIGHTS),
        ("it gave no answer within 10 s", ""),
    ],
)
def test_what_a_kubelet_does_not_tell_is_unknown_and_never_ok(reason, fix):
    (finding,) = judged(NOTHING, Reading({}, {"pi-1": reason}))
    assert finding.level is Level.UNKNOWN
    assert str(finding.subject) == "node pi-1"
    assert reason in finding.message
    assert finding.fix == fix


def test_containers_on_other_nodes_are_judged_beside_an_unknown_one():
    found = judged(NOTHING, Reading(reading(100, 6000, 60).counters, {"pi-2": "it gave no answer"}))
    assert [finding.level for finding in found] == [Level.UNKNOWN, Level.OK]


@pytest.mark.parametrize(
    ("throttled", "level", "number"), [(150, Level.WARNING, 25), (149, Level.OK, 25), (6, Level.OK, 1)]
)
def test_a_quarter_of_the_periods_is_too_much(throttled, level, number):
    (finding,) = judged(NOTHING, reading(100, 600, throttled))
    assert (finding.level, finding.number) == (level, number)


@pytest.mark.parametrize(("periods", "counted"), [(5050, "over 30 s"), (5049, "since its start")])
def test_a_window_of_too_few_periods_is_not_judged(periods, counted):
    (finding,) = judged(reading(100, 5000, 5000), reading(130, periods, periods))
    assert finding.message.endswith(f"counted {counted}")


def test_a_life_of_too_few_periods_is_not_judged():
    (finding,) = judged(NOTHING, reading(100, 599, 599))
    assert (finding.level, finding.number) == (Level.OK, 0)
    assert finding.message == "none has worked for long enough to be judged; see --window"


def test_containers_that_worked_too_briefly_are_counted_beside_the_others():
    brief, unread = (replace(SHOP, name=f"shop-7d9f-{number}") for number in (2, 3))
    few = reading(100, 60, 50, ContainerId("trading", "shop-7d9f-2", "istio-proxy"))
    (finding,) = judged(NOTHING, Reading({**reading(100, 6000, 606).counters, **few.counters}, {}), SHOP, brief, unread)
    assert finding.message == (
        "1 of the mesh are throttled in at most 10 % of their CPU periods; 1 has worked too briefly to be judged"
    )
    (alone,) = judged(NOTHING, reading(100, 6000, 606))
    assert alone.message == "1 of the mesh are throttled in at most 10 % of their CPU periods"


ISTIOD = ContainerId("istio-system", "istiod-0", "main")


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """Return the nodes in the order in which they were asked; a second count follows 30 s after the first."""
    nodes: list[str] = []

    def counted(_: object, node: str) -> dict[ContainerId, Counters]:
        nodes.append(node)
        number = nodes.count(node)
        return {ISTIOD: Counters(30 * number, 1000 * number, 400 * number)}

    monkeypatch.setattr(kubelet, "Client", FakeClient())
    monkeypatch.setattr(kubelet, "counters", counted)
    return nodes


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(kubelet.time, "sleep", pauses.append)
    monkeypatch.setattr(kubelet.time, "monotonic", lambda: sum(pauses))
    return pauses


def found(seconds: int, seen: Observation | None = None) -> list[str]:
    """Return the messages over a window of so many seconds."""
    seen = seen or make_verification()
    with kubelet.running_window("test", cpu_throttling.nodes_to_ask(seen), seconds) as window:
        return [finding.message for finding in cpu_throttling.check(replace(seen, cpu_window=window))]


@pytest.mark.usefixtures("slept")
def test_a_short_run_reads_once_and_judges_the_containers_life(asked):
    assert "in 40 % of its CPU periods at 500m, counted since its start" in found(0)[0]
    assert asked == ["pi-1"]


def test_a_window_is_waited_for_and_read_twice(asked, slept):
    assert "in 40 % of its CPU periods at 500m, counted over 30 s" in found(30)[0]
    assert sum(slept) == 30
    assert asked == ["pi-1", "pi-1"]


@pytest.mark.usefixtures("slept")
def test_only_ready_nodes_with_a_container_of_the_mesh_are_asked(asked):
    found(0, in_cluster(make_verification(), nodes=make_pis(2, ready=False)))
    assert asked == []


@pytest.mark.usefixtures("slept", "asked")
def test_a_kubelet_that_gives_no_answer_is_unknown(monkeypatch):
    def silent(*_: object) -> None:
        raise NotAnswered("it gave no answer within 10 s")

    monkeypatch.setattr(kubelet, "counters", silent)
    assert found(0) == ["is unknown for the containers on it: it gave no answer within 10 s"]


def test_a_window_that_has_passed_already_is_not_awaited(slept, asked):
    found(0)
    assert slept == [0.0]
    assert asked
