"""The preflight's findings about who gives a gateway's Service its address."""

import time
from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.preflight import load_balancer
from pi_mesh.cluster import load_balancer as addresses
from pi_mesh.cluster.address_pools import Pool
from pi_mesh.cluster.objects import Crd, Service
from pi_mesh.cluster.snapshot import Snapshot
from tests.support.clusters import load, names, snapshot_of
from tests.support.factories import make_mesh, make_settings
from tests.support.preflight_problems import problems
from tests.support.snapshots import installed_mesh, make_node, make_pod, make_snapshot

BALANCED = {"service": {"type": "LoadBalancer"}}
GATEWAY = ("istio-system", "istio-ingressgateway")


def said(snapshot: Snapshot, **settings: object) -> Finding:
    """Return what is said of the ingress gateway, by default of `auto`."""
    return next(iter(load_balancer.check(make_mesh(**settings), snapshot)))


def kind_on(snapshot: Snapshot, **settings: object) -> str:
    """Return the type of Service that `auto` becomes."""
    return "LoadBalancer" if "ingress" in addresses.served(make_settings(**settings), snapshot) else "NodePort"


def test_a_load_balancer_that_nothing_serves_is_refused():
    (problem,) = problems(make_snapshot(), ingress=BALANCED)
    assert problem.startswith("ingress.service.type: is LoadBalancer, but nothing in this cluster gives addresses")


@pytest.mark.parametrize(
    ("cluster", "kind", "words"),
    [
        ("k3s", "NodePort", "kube-system/traefik holds ports 80 and 443"),
        ("k3s_without_traefik", "LoadBalancer", "the address comes from k3s servicelb"),
        ("k0s", "NodePort", "nothing in this cluster gives addresses"),
        ("microk8s", "LoadBalancer", "the address comes from MetalLB"),
        ("microk8s_full", "NodePort", "every address of MetalLB's default-addresspool is taken"),
        ("kubeadm", "NodePort", "nothing in this cluster gives addresses"),
        ("kind", "NodePort", "nothing in this cluster gives addresses"),
        ("kube_vip", "LoadBalancer", "the address comes from kube-vip"),
        ("kube_vip_alone", "NodePort", "kube-vip-cloud-provider, which does, is missing"),
    ],
)
def test_each_kind_of_cluster_gets_the_service_that_works_there(cluster, kind, words):
    snapshot = snapshot_of(cluster)
    assert kind_on(snapshot) == kind
    assert words in said(snapshot).message


@pytest.mark.parametrize("cluster", names())
def test_an_explicit_load_balancer_is_refused_exactly_where_it_would_wait_in_vain(cluster):
    snapshot = snapshot_of(cluster)
    refused = said(snapshot, ingress=BALANCED).level is Level.ERROR
    assert refused == (kind_on(snapshot) == "NodePort")


def test_a_reconstructed_cluster_says_so_and_names_its_sources():
    sources = [load(name)["source"] for name in names()]
    assert all(source == "recorded" or source.startswith("reconstructed from ") for source in sources)
    assert all(" at " in source for source in sources if source != "recorded")


def test_the_reason_is_a_warning_before_a_first_install_and_quiet_on_an_installed_mesh():
    new, old = snapshot_of("k3s"), installed_on("k3s")
    assert (said(new).level, said(old).level) == (Level.WARNING, Level.OK)


def test_an_installed_mesh_is_only_warned_of_a_load_balancer_without_an_address():
    assert said(installed_on("k3s"), ingress=BALANCED).level is Level.WARNING


def installed_on(cluster: str) -> Snapshot:
    return replace(snapshot_of(cluster), deployments=installed_mesh()["deployments"])


def test_a_gateway_keeps_the_address_that_it_has():
    own = {
        "metadata": {"namespace": GATEWAY[0], "name": GATEWAY[1]},
        "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.168.1.9"}]}},
    }
    assert kind_on(snapshot_of("microk8s_full", services=[own])) == "LoadBalancer"


@pytest.mark.parametrize(
    "service",
    [{"loadBalancerClass": "tailscale"}, {"annotations": {"metallb.io/address-pool": "mesh"}}],
    ids=["class", "annotation"],
)
@pytest.mark.parametrize("cluster", ["microk8s_full", "kubeadm"])
def test_whoever_chooses_the_address_in_extra_values_is_not_contradicted(service, cluster):
    ingress = {**BALANCED, "values": {"service": service}}
    assert said(snapshot_of(cluster), ingress=ingress).level is Level.OK


def test_pools_that_may_not_be_read_are_taken_to_have_addresses():
    snapshot = make_snapshot(crds=(Crd("ipaddresspools.metallb.io"),), address_pools=None)
    assert kind_on(snapshot) == "LoadBalancer"


@pytest.mark.parametrize(
    "provider",
    [
        {"pods": (make_pod(labels={"app.kubernetes.io/name": "openelb"}),)},
        {"services": (Service("web", "shop", "LoadBalancer", ("192.0.2.7",)),)},
        {"nodes": tuple(make_node(f"pi-{i}", provider="hcloud://42") for i in range(3))},
    ],
    ids=["OpenELB", "a served service", "a cloud"],
)
def test_a_provider_whose_addresses_are_not_counted_is_taken_to_have_some(provider):
    assert problems(make_snapshot(**provider), ingress=BALANCED) == []


def test_the_judgement_takes_no_time_on_a_full_cluster():
    crowd = tuple(make_pod(f"app-{number}", node="pi-1") for number in range(3000))
    snapshot = snapshot_of("k3s")
    started = time.perf_counter()
    kind_on(make_snapshot(nodes=snapshot.nodes, pods=(*snapshot.pods, *crowd)))
    assert time.perf_counter() - started < 0.2


@pytest.mark.parametrize(
    ("cluster", "address", "words"),
    [
        ("microk8s", "203.0.113.9", "no pool of MetalLB for istio-system has 203.0.113.9"),
        ("kubeadm", "203.0.113.9", "nothing in this cluster gives addresses"),
        ("k3s", "203.0.113.9", "kube-system/traefik holds ports 80 and 443"),
    ],
)
def test_an_address_that_nobody_gives_is_refused(cluster, address, words):
    finding = said(snapshot_of(cluster), ingress={"service": {"type": "LoadBalancer", "address": address}})
    assert finding.level is Level.ERROR
    assert words in finding.message


def test_an_address_of_a_pool_is_fine_and_one_of_another_service_is_not():
    pool = Pool("MetalLB", "home", ((3221225985, 3221225990),), on_request=True)
    cluster = make_snapshot(crds=(Crd("ipaddresspools.metallb.io"),), address_pools=(pool,))
    asked = {"service": {"type": "LoadBalancer", "address": "192.0.2.1"}}
    assert said(cluster, ingress=asked).message.endswith("the address comes from MetalLB")
    taken = replace(cluster, services=(Service("web", "shop", "LoadBalancer", ("192.0.2.1",)),))
    assert "192.0.2.1 is the address of web/shop" in said(taken, ingress=asked).message


def test_a_class_chooses_the_provider():
    service = {"type": "LoadBalancer", "loadBalancerClass": "tailscale"}
    assert said(snapshot_of("kubeadm"), ingress={"service": service}).level is Level.OK
