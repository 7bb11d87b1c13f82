"""The kubelet's answers, as the API server passes them on."""

import json

import pytest

from pi_mesh.cluster import kubelet
from pi_mesh.cluster.client import Relayed
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.kubelet import ContainerId, Counters, Disk, NotAnswered
from tests.support.fake_client import FakeClient

NODE = "/api/v1/nodes/pi-1/proxy"
SHOP = ContainerId("trading", "shop-1", "istio-proxy")
LABELS = 'container="istio-proxy",id="/kubepods/pod1/c1",image="proxyv2",name="c1",namespace="trading",pod="shop-1"'
FORBIDDEN = (403, '{"kind":"Status","message":"nodes \\"pi-1\\" is forbidden"}')


def metrics(*rows: str) -> str:
    return "\n".join(("# HELP container_cpu_cfs_periods_total Number of elapsed enforcement period intervals.", *rows))


def node_says(path: str, *answer: object) -> FakeClient:
    client = FakeClient()
    client.relayed = {f"{NODE}/{path}": Relayed(*answer)}
    return client


def test_a_containers_counters_are_those_of_cadvisor():
    text = metrics(
        f"container_cpu_cfs_periods_total{{{LABELS}}} 1200 1764115200500",
        f"container_cpu_cfs_throttled_periods_total{{{LABELS}}} 456 1764115200500",
        f"container_spec_memory_limit_bytes{{{LABELS}}} 2.68435456e+08 1764115200500",
        f"container_memory_cache{{{LABELS}}} 7 1764115200500",
    )
    assert kubelet.counters(node_says("metrics/cadvisor", 200, text), "pi-1") == {
        SHOP: Counters(1764115200.5, 1200, 456, 256 * 2**20)
    }


def test_the_sums_of_pods_and_of_cgroups_are_no_containers():
    pod = 'container="",id="/kubepods/pod1",image="",name="",namespace="trading",pod="shop-1"'
    assert kubelet.of_metrics(metrics(f"container_cpu_cfs_periods_total{{{pod}}} 9 1764115200500")) == {}


def test_of_a_container_that_restarted_the_newer_counters_count():
    rows = [f"container_cpu_cfs_periods_total{{{LABELS}}} {count} {at}" for count, at in ((9, 2000), (5000, 1000))]
    assert kubelet.of_metrics(metrics(*rows))[SHOP].periods == 9


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (FORBIDDEN, "no right to get nodes/proxy"),
        ((502, "error trying to reach service: dial tcp\nmore"), "status 502: error trying to reach service: dial tcp"),
    ],
)
def test_a_kubelet_that_may_not_be_asked_or_does_not_answer_is_said(answer, reason):
    with pytest.raises(NotAnswered, match=reason):
        kubelet.counters(node_says("metrics/cadvisor", *answer), "pi-1")


def test_a_kubelet_that_is_silent_is_said(monkeypatch):
    client = FakeClient()

    def silent(*_: object) -> Relayed:
        raise ClusterUnreachable("timed out")

    monkeypatch.setattr(client, "relay", silent)
    with pytest.raises(NotAnswered, match="no answer within 10 s"):
        kubelet.counters(client, "pi-1")


def test_the_disks_are_the_kubelets_and_the_images():
    disk = {"availableBytes": 3, "capacityBytes": 10}
    summary = json.dumps({"node": {"fs": disk, "runtime": {"imageFs": {**disk, "availableBytes": 0}}}, "pods": []})
    found = kubelet.disks(node_says("stats/summary", 200, summary), "pi-1")
    assert found == [Disk("kubelet", 3, 10), Disk("images", 0, 10)]


def test_a_summary_without_disks_has_none():
    assert kubelet.disks(node_says("stats/summary", 200, '{"node":{}}'), "pi-1") == []


def clock_of(node: str) -> kubelet.Offset:
    """Return the offset of a node's clock, while the API server says 12:00:00 before and 12:00:01 after."""
    dates = iter(["Thu, 26 Nov 2026 12:00:00 GMT", node, "Thu, 26 Nov 2026 12:00:01 GMT"])

    class Clocks(FakeClient):
        def relay(self, path: str, seconds: float) -> Relayed:  # noqa: ARG002 - the signature of Client
            return Relayed(200, "ok", next(dates))

    return kubelet.clock(Clocks(), "pi-1")


@pytest.mark.parametrize(
    ("node", "certain"),
    [
        ("Thu, 26 Nov 2026 12:00:01 GMT", 0),
        ("Thu, 26 Nov 2026 11:59:59 GMT", 0),
        ("Thu, 26 Nov 2026 12:05:00 GMT", 298),
        ("Thu, 26 Nov 2026 11:55:00 GMT", -299),
    ],
)
def test_a_clock_is_compared_with_the_api_servers_to_the_second(node, certain):
    assert clock_of(node).certain == certain


def test_an_answer_without_a_date_tells_no_time():
    with pytest.raises(NotAnswered, match="no date"):
        clock_of("")
