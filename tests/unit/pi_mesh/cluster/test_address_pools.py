"""The pools of MetalLB, Cilium and kube-vip, and what is left in them."""

import pytest

from pi_mesh.cluster import address_pools
from pi_mesh.cluster.address_pools import CILIUM, METALLB, Pool
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.objects import Crd
from tests.support.clusters import load, snapshot_of
from tests.support.clusters.record import cut
from tests.support.fake_client import FakeClient

CRDS = {METALLB: Crd("ipaddresspools.metallb.io"), CILIUM: Crd("ciliumloadbalancerippools.cilium.io")}


def metallb(**spec: object) -> list[Pool]:
    """Return what is read of one pool of MetalLB."""
    item = {"metadata": {"name": "home"}, "spec": spec}
    client = FakeClient({address_pools.METALLB_PATH: {"items": [item]}})
    return list(address_pools.read(client, [CRDS[METALLB]], []) or ())  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("addresses", "free"),
    [
        (["192.168.1.240-192.168.1.250"], 10),
        (["192.168.1.240/30"], 3),
        (["192.168.1.240/32"], 0),
        (["192.168.1.240/32", "fd00::/127"], 2),
    ],
)
def test_the_addresses_that_no_service_has_are_counted(addresses, free):
    (pool,) = metallb(addresses=addresses)
    assert pool.free(["192.168.1.240", "10.0.0.1", "a.hostname"]) == free


@pytest.mark.parametrize(
    "spec",
    [
        {"avoidBuggyIPs": True},
        {"serviceAllocation": {"namespaceSelectors": [{"matchLabels": {"lb": "yes"}}]}},
        {"serviceAllocation": {"serviceSelectors": [{"matchLabels": {"lb": "yes"}}]}},
    ],
)
def test_a_pool_whose_use_depends_on_more_than_its_size_is_not_counted(spec):
    (pool,) = metallb(addresses=["192.168.1.240/32"], **spec)
    assert pool.free(["192.168.1.240"]) is None


def test_a_pool_that_a_service_has_to_name_gives_nothing_unasked():
    (pool,) = metallb(addresses=["192.168.1.240/32"], autoAssign=False)
    assert (pool.serves("shop"), pool.serves("shop", asked=True)) == (False, True)


def test_a_pool_of_other_namespaces_gives_nothing():
    (pool,) = metallb(addresses=["192.168.1.240/32"], serviceAllocation={"namespaces": ["shop"]})
    assert (pool.serves("shop"), pool.serves("istio-system")) == (True, False)


def test_cilium_without_a_pool_gives_nothing_and_a_switched_off_one_is_none():
    items = [{"metadata": {"name": name}, "spec": {"disabled": name == "off"}} for name in ("home", "off")]
    client = FakeClient({address_pools.CILIUM_PATHS[1]: {"items": items}})
    found = address_pools.read(client, [CRDS[CILIUM]], [])  # pyright: ignore[reportArgumentType]
    assert found == (Pool(CILIUM, "home"),)


def test_what_may_not_be_read_is_not_known():
    client = FakeClient({address_pools.METALLB_PATH: Forbidden("forbidden", "")})
    assert address_pools.read(client, [CRDS[METALLB]], []) is None  # pyright: ignore[reportArgumentType]


def test_nothing_is_asked_of_a_cluster_without_such_providers():
    client = FakeClient()
    assert address_pools.read(client, [], []) == ()  # pyright: ignore[reportArgumentType]
    assert client.got == []


@pytest.mark.parametrize(
    ("data", "free"), [({"range-global": "192.168.1.220-192.168.1.221"}, 1), ({"cidr-global": "0.0.0.0/32"}, None)]
)
def test_kube_vips_ranges_are_counted_unless_dhcp_gives_the_addresses(data, free):
    client = FakeClient({address_pools.KUBE_VIP_PATH: {"data": {**data, "search-order": "desc"}}})
    pods = snapshot_of("kube_vip").pods
    (pool,) = address_pools.read(client, [], pods) or ()  # pyright: ignore[reportArgumentType]
    assert pool.free(["192.168.1.220"]) == free


def test_a_recorded_cluster_holds_no_environment_of_a_container_and_no_other_annotation():
    (pod, *_) = load("k3s")["pods"]
    told = {"metadata": {**pod["metadata"], "annotations": {"k3s.io/node-args": "[]", "note": "private"}}}
    told |= {"spec": {"containers": [{"name": "app", "image": "app", "env": [{"name": "TOKEN", "value": "s"}]}]}}
    kept = cut(told)
    assert kept["metadata"]["annotations"] == {"k3s.io/node-args": "[]"}
    assert kept["spec"] == {"containers": [{"name": "app", "image": "app"}]}
