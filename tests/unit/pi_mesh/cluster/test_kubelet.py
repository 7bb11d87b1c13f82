"""The kubelet's answers, as the API server passes them on."""

import json
from unittest.mock import Mock

import pytest

from pi_mesh.cluster import kubelet
from pi_mesh.cluster.client import Relayed
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.kubelet import ContainerId, Counters, Disk, NotAnswered
from tests.support.fake_client import FakeClient
from tests.support.findings import table

SHOP = ContainerId("trading", "shop-1", "istio-proxy")
LABELS = 'container="istio-proxy",id="/kubepods/pod1/c1",image="proxyv2",name="c1",namespace="trading",pod="shop-1"'
POD_LABELS = 'container="",id="/kubepods/pod1",image="",name="",namespace="trading",pod="shop-1"'
DISK = {"availableBytes": 3, "capacityBytes": 10}


def asked(*answers: tuple | Exception) -> FakeClient:
    """Return a client of a node that gives these answers one after the other; an exception is raised."""
    client = FakeClient()
    client.relay = Mock(side_effect=[Relayed(*given) if isinstance(given, tuple) else given for given in answers])
    return client


def metrics(*rows: str) -> str:
    return "\n".join(("# HELP container_cpu_cfs_periods_total Number of elapsed enforcement period intervals.", *rows))


def test_a_containers_counters_are_those_of_cadvisor():
    text = metrics(
        f"container_cpu_cfs_periods_total{{{LABELS}}} 1200 1764115200500",
        f"container_cpu_cfs_throttled_periods_total{{{LABELS}}} 456 1764115200500",
        f"container_spec_memory_limit_bytes{{{LABELS}}} 2.68435456e+08 1764115200500",
        f"container_memory_cache{{{LABELS}}} 7 1764115200500",
    )
    node = asked((200, text))
    assert kubelet.counters(node, "pi-1") == {SHOP: Counters(1764115200.5, 1200, 456, 256 * 2**20)}
    assert node.relay.call_args.args[0] == "/api/v1/nodes/pi-1/proxy/metrics/cadvisor"


def test_the_sums_of_pods_and_of_cgroups_are_no_containers():
    assert kubelet.of_metrics(metrics(f"container_cpu_cfs_periods_total{{{POD_LABELS}}} 9 1764115200500")) == {}


def test_of_a_container_that_restarted_the_newer_counters_count():
    rows = [f"container_cpu_cfs_periods_total{{{LABELS}}} {count} {at}" for count, at in ((9, 2000), (5000, 1000))]
    assert kubelet.of_metrics(metrics(*rows))[SHOP].periods == 9


@table(
    ((403, '{"kind":"Status","message":"nodes \\"pi-1\\" is forbidden"}'), "no right to get nodes/proxy"),
    ((502, "error trying to reach service: dial tcp\nmore"), "status 502: error trying to reach service: dial tcp"),
    (ClusterUnreachable("timed out"), "no answer within 10 s"),
)
def test_a_kubelet_that_may_not_be_asked_or_does_not_answer_is_said(answer, reason):
    with pytest.raises(NotAnswered, match=reason):
        kubelet.counters(asked(answer), "pi-1")


@table(
    ({"node": {"fs": DISK, "runtime": {"imageFs": {**DISK, "availableBytes": 0}}}, "pods": []},
        [Disk("kubelet", 3, 10), Disk("images", 0, 10)]),
    ({"node": {}}, []),
)  # fmt: skip
def test_the_disks_are_the_kubelets_and_the_images(summary, disks):
    node = asked((200, json.dumps(summary)))
    assert kubelet.disks(node, "pi-1") == disks
    assert node.relay.call_args.args[0] == "/api/v1/nodes/pi-1/proxy/stats/summary"


def clock_of(time: str) -> kubelet.Offset:
    """Return the offset of a node's clock, while the API server says 12:00:00 before and 12:00:01 after."""
    dates = (f"Thu, 26 Nov 2026 {at} GMT" if at else "" for at in ("12:00:00", time, "12:00:01"))
    return kubelet.clock(asked(*((200, "ok", date) for date in dates)), "pi-1")


@pytest.mark.parametrize(("node", "certain"), [("12:00:01", 0), ("11:59:59", 0), ("12:05:00", 298), ("11:55:00", -299)])
def test_a_clock_is_compared_with_the_api_servers_to_the_second(node, certain):
    assert clock_of(node).certain == certain


def test_an_answer_without_a_date_tells_no_time():
    with pytest.raises(NotAnswered, match="no date"):
        clock_of("")
