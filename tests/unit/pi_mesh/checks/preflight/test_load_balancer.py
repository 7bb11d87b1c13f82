"""The preflight's findings about a cluster without load balancers."""

import pytest

from pi_mesh.cluster.objects import Crd, Service
from tests.support.preflight_problems import problems
from tests.support.snapshots import make_node, make_pod, make_snapshot


def test_a_load_balancer_that_nothing_serves_is_refused():
    (problem,) = problems(make_snapshot(), ingress={"service": {"type": "LoadBalancer"}})
    assert problem.startswith("ingress.service.type: is LoadBalancer, but nothing in this cluster gives addresses")


@pytest.mark.parametrize(
    "provider",
    [
        {"crds": (Crd("ipaddresspools.metallb.io"),)},
        {"pods": (make_pod(labels={"app.kubernetes.io/name": "kube-vip"}),)},
        {"services": (Service("web", "shop", "LoadBalancer", ("192.0.2.7",)),)},
        {"nodes": tuple(make_node(f"pi-{i}", kubelet="v1.35.2+k3s1") for i in range(3))},
    ],
    ids=["MetalLB", "kube-vip", "a served service", "k3s"],
)
def test_a_provider_of_addresses_is_recognised(provider):
    assert problems(make_snapshot(**provider), ingress={"service": {"type": "LoadBalancer"}}) == []


def test_k3s_without_its_servicelb_is_no_provider():
    arguments = '["server","--disable","servicelb"]'
    nodes = tuple(make_node(f"pi-{i}", kubelet="v1.35.2+k3s1", k3s_arguments=arguments) for i in range(3))
    assert make_snapshot(nodes=nodes).load_balancer == ""
