"""The pools of MetalLB and Cilium, and what is left in them."""

from pi_mesh.cluster import address_pools
from pi_mesh.cluster.address_pools import CILIUM, METALLB, Pool
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.objects import Crd
from tests.support.clusters import load
from tests.support.clusters.record import cut
from tests.support.fake_client import FakeClient
from tests.support.findings import table

CRDS = {METALLB: Crd("ipaddresspools.metallb.io"), CILIUM: Crd("ciliumloadbalancerippools.cilium.io")}
TAKEN = ["192.168.1.240", "192.168.1.220", "10.0.0.1", "a.hostname"]
ONE = {"addresses": ["192.168.1.240/32"]}
YES = [{"matchLabels": {"lb": "yes"}}]


def metallb(**spec: object) -> Pool:
    """Return what is read of one pool of MetalLB."""
    client = FakeClient({address_pools.METALLB_PATH: {"items": [{"metadata": {"name": "home"}, "spec": spec}]}})
    (pool,) = address_pools.read(client, [CRDS[METALLB]])  # pyright: ignore
    return pool


@table(
    ({"addresses": ["192.168.1.240-192.168.1.250"]}, 10),
    ({"addresses": ["192.168.1.240/30"]}, 3),
    (ONE, 0),
    ({"addresses": ["192.168.1.240/32", "fd00::/127"]}, 2),
    ({**ONE, "avoidBuggyIPs": True}, None),
    ({**ONE, "serviceAllocation": {"namespaceSelectors": YES}}, None),
    ({**ONE, "serviceAllocation": {"serviceSelectors": YES}}, None),
)
def test_the_addresses_that_no_service_has_are_counted(spec, free):
    assert metallb(**spec).free(TAKEN) == free


def test_a_pool_gives_nothing_to_other_namespaces_nor_unasked_where_a_service_has_to_name_it():
    named, shops = metallb(**ONE, autoAssign=False), metallb(**ONE, serviceAllocation={"namespaces": ["shop"]})
    assert (named.serves("shop"), named.serves("shop", asked=True)) == (False, True)
    assert (shops.serves("shop"), shops.serves("istio-system")) == (True, False)


def test_cilium_without_a_pool_gives_nothing_and_a_switched_off_one_is_none():
    items = [{"metadata": {"name": name}, "spec": {"disabled": name == "off"}} for name in ("home", "off")]
    client = FakeClient({address_pools.CILIUM_PATHS[1]: {"items": items}})
    assert address_pools.read(client, [CRDS[CILIUM]]) == (Pool(CILIUM, "home"),)  # pyright: ignore


def test_what_may_not_be_read_is_not_known_and_nothing_is_asked_without_such_providers():
    client = FakeClient({address_pools.METALLB_PATH: Forbidden("forbidden", "")})
    assert address_pools.read(client, []) == ()  # pyright: ignore
    assert client.got == []
    assert address_pools.read(client, [CRDS[METALLB]]) is None  # pyright: ignore


def test_a_recorded_cluster_holds_no_environment_of_a_container_and_no_other_annotation():
    (pod, *_) = load("k3s")["pods"]
    container = {"name": "app", "image": "app"}
    told = {"metadata": {**pod["metadata"], "annotations": {"k3s.io/node-args": "[]", "note": "private"}}}
    kept = cut(told | {"spec": {"containers": [{**container, "env": [{"name": "TOKEN", "value": "s"}]}]}})
    assert kept["metadata"]["annotations"] == {"k3s.io/node-args": "[]"}
    assert kept["spec"] == {"containers": [container]}
