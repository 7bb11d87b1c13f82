"""The preflight's findings about the settings of a gateway's Service."""

import time
from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import gateway_service
from pi_mesh.checks.preflight.gateway_service import check_service
from pi_mesh.cluster import load_balancers as addresses
from pi_mesh.cluster.address_pools import Pool
from pi_mesh.cluster.objects import Crd, Service
from pi_mesh.cluster.snapshot import Snapshot
from tests.support.clusters import load, names, snapshot_of
from tests.support.factories import make_mesh, make_settings
from tests.support.preflight_problems import problems
from tests.support.snapshots import installed_mesh, make_node, make_pis, make_pod, make_snapshot

OWN = ("istio-system", "istio-ingressgateway")
CLASS = {"service": {"type": "LoadBalancer", "loadBalancerClass": "metallb.io/metallb"}}
HELD = {"service": {"nodePorts": {"https": 30443}}}
LOCAL = {"service": {"type": "NodePort", "externalTrafficPolicy": "Local"}}


def found(*services: Service, ingress: dict, balanced: bool = False, nodes: int = 3) -> list[Finding]:
    """Return what is said of the ingress gateway."""
    mesh = make_mesh(load_balancers=balanced, ingress=ingress)
    snapshot = make_snapshot(services=services, nodes=make_pis(nodes))
    return [one for one in check_service(Observation(mesh, snapshot)) if one.name.startswith("ingress")]


def test_the_defaults_fit_every_cluster():
    assert [one.level for one in found(ingress={})] == [Level.OK]


def test_a_node_port_that_another_service_has_is_an_error_and_its_own_is_not():
    (finding,) = found(Service("kube-system", "traefik", node_ports=(30080, 30443)), ingress=HELD)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "ingress.service.nodePorts.https")
    assert finding.message == "is 30443, which Service kube-system/traefik has"
    assert [one.level for one in found(Service(*OWN, node_ports=(30443,)), ingress=HELD)] == [Level.OK]


@pytest.mark.parametrize("has", ["", "tailscale"])
def test_another_class_of_a_load_balancer_is_an_error_because_kubernetes_refuses_it(has):
    live = Service(*OWN, "LoadBalancer", load_balancer_class=has)
    (finding,) = found(live, ingress=CLASS)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "ingress.service.loadBalancerClass")
    assert f"the Service in the cluster has {has or 'none'}:" in finding.message


@pytest.mark.parametrize(
    "live",
    [(), (Service(*OWN, "NodePort"),), (Service(*OWN, "LoadBalancer", load_balancer_class="metallb.io/metallb"),)],
    ids=["none yet", "a node port", "the same class"],
)
def test_a_class_that_kubernetes_takes_is_fine(live):
    assert [one.level for one in found(*live, ingress=CLASS)] == [Level.OK]


def test_what_only_a_load_balancer_reads_is_named_where_auto_becomes_node_port():
    service = {"service": {"address": "192.0.2.1", "sourceRanges": ["192.0.2.0/24"]}}
    (finding,) = found(ingress=service)
    assert finding.level is Level.WARNING
    assert "has no use for address, sourceRanges" in finding.message
    assert [one.level for one in found(ingress=service, balanced=True)] == [Level.OK]


def test_local_node_ports_are_named_where_not_every_node_has_a_pod():
    (finding,) = found(ingress=LOCAL)
    assert finding.level is Level.WARNING
    assert finding.message == "is Local, and only 1 node of 3 can answer on the node ports"
    assert [one.level for one in found(ingress={**LOCAL, "replicas": 3})] == [Level.OK]
    assert [one.level for one in found(ingress=LOCAL, nodes=1)] == [Level.OK]


BALANCED = {"service": {"type": "LoadBalancer"}}
GATEWAY = ("istio-system", "istio-ingressgateway")


def said(snapshot: Snapshot, **settings: object) -> Finding:
    """Return what is said of the ingress gateway, by default of `auto`."""
    return next(iter(gateway_service.check_address(Observation(make_mesh(**settings), snapshot))))


def kind_on(snapshot: Snapshot, **settings: object) -> str:
    """Return the type of Service that `auto` becomes."""
    return "LoadBalancer" if "ingress" in addresses.served_gateways(make_settings(**settings), snapshot) else "NodePort"


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
