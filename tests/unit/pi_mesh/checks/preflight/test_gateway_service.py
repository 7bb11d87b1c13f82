"""The preflight's findings about a gateway's Service, and about the address that it gets."""

import time
from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight.gateway_service import check_address, check_service
from pi_mesh.cluster import load_balancers
from pi_mesh.cluster.address_pools import Pool
from pi_mesh.cluster.objects import Crd, Service
from pi_mesh.cluster.snapshot import Snapshot
from tests.support.clusters import load, names, snapshot_of
from tests.support.factories import make_settings
from tests.support.preflight_problems import observation
from tests.support.snapshots import installed_mesh, make_node, make_pis, make_pod, make_snapshot

OWN = ("istio-system", "istio-ingressgateway")
METALLB = {"type": "LoadBalancer", "loadBalancerClass": "metallb.io/metallb"}
PORT = {"nodePorts": {"https": 30443}}
LOCAL = {"type": "NodePort", "externalTrafficPolicy": "Local"}
ASKING = {"address": "192.0.2.1", "sourceRanges": ["192.0.2.0/24"]}
TRAEFIK = Service("kube-system", "traefik", node_ports=(30080, 30443))


def balancer(class_: str) -> Service:
    return Service(*OWN, "LoadBalancer", load_balancer_class=class_)


def of_ingress(*services: Service, service: dict, nodes: int = 3, **more: object) -> list[Finding]:
    """Return the findings about the settings of the ingress gateway's Service."""
    balanced, replicas = more.get("balanced", False), more.get("replicas", 1)
    snapshot = make_snapshot(services=services, nodes=make_pis(nodes))
    ingress = {"service": service, "replicas": replicas}
    seen = check_service(observation(snapshot, load_balancers=balanced, ingress=ingress))
    return [finding for finding in seen if finding.name.startswith("ingress")]


FITTING = {
    "the defaults": ((), {}, {}),
    "a node port that its own Service has": ((Service(*OWN, node_ports=(30443,)),), PORT, {}),
    "a class before the first install": ((), METALLB, {}),
    "a class for what was a node port": ((Service(*OWN, "NodePort"),), METALLB, {}),
    "the class that the Service has": ((balancer("metallb.io/metallb"),), METALLB, {}),
    "what a load balancer reads, where auto becomes one": ((), ASKING, {"balanced": True}),
    "local node ports on every node": ((), LOCAL, {"replicas": 3}),
    "local node ports of the only node": ((), LOCAL, {"nodes": 1}),
}


@pytest.mark.parametrize(("services", "service", "more"), FITTING.values(), ids=FITTING)
def test_settings_that_the_cluster_takes_are_fine(services, service, more):
    assert [finding.level for finding in of_ingress(*services, service=service, **more)] == ["ok"]


UNFIT = {
    "a node port that another Service has":
        ((TRAEFIK,), PORT, "error", "nodePorts.https", "is 30443, which Service kube-system/traefik has"),
    "a class for a load balancer without one, which Kubernetes refuses":
        ((balancer(""),), METALLB, "error", "loadBalancerClass", "the Service in the cluster has none:"),
    "another class than the load balancer's":
        ((balancer("tailscale"),), METALLB, "error", "loadBalancerClass", "the Service in the cluster has tailscale:"),
    "what only a load balancer reads, where auto becomes NodePort":
        ((), ASKING, "warning", "type", "has no use for address, sourceRanges"),
    "local node ports where not every node has a pod":
        ((), LOCAL, "warning", "externalTrafficPolicy", "only 1 node of 3 can answer on the node ports"),
}  # fmt: skip


@pytest.mark.parametrize(("services", "service", "level", "key", "words"), UNFIT.values(), ids=UNFIT)
def test_settings_that_do_not_fit_the_cluster_are_named(services, service, level, key, words):
    (finding,) = of_ingress(*services, service=service)
    assert (finding.level, finding.name) == (level, f"ingress.service.{key}")
    assert words in finding.message


BALANCED = {"type": "LoadBalancer"}


def of_address(snapshot: Snapshot, **ingress: object) -> Finding:
    """Return the finding about the ingress gateway's address, by default of `auto`."""
    return next(iter(check_address(observation(snapshot, ingress=ingress))))


def auto_on(snapshot: Snapshot) -> str:
    """Return the type of Service that `auto` becomes."""
    served = load_balancers.served_gateways(make_settings(), snapshot)
    return "LoadBalancer" if "ingress" in served else "NodePort"


NOBODY = "nothing in this cluster gives addresses"
TAKEN = "kube-system/traefik holds ports 80 and 443"


@pytest.mark.parametrize(
    ("cluster", "kind", "level", "words"),
    [
        ("k3s", "NodePort", "warning", TAKEN),
        ("k3s_without_traefik", "LoadBalancer", "ok", "the address comes from k3s servicelb"),
        ("k0s", "NodePort", "ok", NOBODY),
        ("microk8s", "LoadBalancer", "ok", "the address comes from MetalLB"),
        ("microk8s_full", "NodePort", "warning", "every address of MetalLB's default-addresspool is taken"),
        ("kubeadm", "NodePort", "ok", NOBODY),
        ("kind", "NodePort", "ok", NOBODY),
        ("kube_vip", "LoadBalancer", "ok", "the address comes from kube-vip"),
        ("kube_vip_alone", "NodePort", "warning", "kube-vip-cloud-provider, which does, is missing"),
    ],
)
def test_each_kind_of_cluster_gets_the_service_that_works_there(cluster, kind, level, words):
    snapshot = snapshot_of(cluster)
    finding = of_address(snapshot)
    assert (auto_on(snapshot), finding.level) == (kind, level)
    assert words in finding.message


@pytest.mark.parametrize("cluster", names())
def test_an_explicit_load_balancer_is_refused_exactly_where_it_would_wait_in_vain(cluster):
    snapshot = snapshot_of(cluster)
    finding = of_address(snapshot, service=BALANCED)
    assert (finding.level == "error") == (auto_on(snapshot) == "NodePort")
    assert finding.name == "ingress.service.type"


def test_a_reconstructed_cluster_says_so_and_names_its_sources():
    sources = [load(name)["source"] for name in names()]
    assert all(source == "recorded" or source.startswith("reconstructed from ") for source in sources)
    assert all(" at " in source for source in sources if source != "recorded")


@pytest.mark.parametrize(("service", "level"), [({}, "ok"), (BALANCED, "warning")])
def test_an_installed_mesh_is_warned_of_an_explicit_load_balancer_without_an_address_alone(service, level):
    installed = replace(snapshot_of("k3s"), deployments=installed_mesh()["deployments"])
    assert of_address(installed, service=service).level == level


def test_a_gateway_keeps_the_address_that_it_has():
    own = {
        "metadata": {"namespace": OWN[0], "name": OWN[1]},
        "spec": BALANCED,
        "status": {"loadBalancer": {"ingress": [{"ip": "192.168.1.9"}]}},
    }
    assert auto_on(snapshot_of("microk8s_full", services=[own])) == "LoadBalancer"


ANNOTATED = {"annotations": {"metallb.io/address-pool": "mesh"}}
CHOSEN = {
    "a class": {"service": {**BALANCED, "loadBalancerClass": "tailscale"}},
    "a class in extra values": {"service": BALANCED, "values": {"service": {"loadBalancerClass": "tailscale"}}},
    "a pool in extra values": {"service": BALANCED, "values": {"service": ANNOTATED}},
}


@pytest.mark.parametrize("cluster", ["microk8s_full", "kubeadm"])
@pytest.mark.parametrize("ingress", CHOSEN.values(), ids=CHOSEN)
def test_whoever_chooses_the_provider_is_not_contradicted(ingress, cluster):
    assert of_address(snapshot_of(cluster), **ingress).level == "ok"


POOLS = (Crd("ipaddresspools.metallb.io"),)
POOL = Pool("MetalLB", "home", ((3221225985, 3221225990),), on_request=True)
"""192.0.2.1 to 192.0.2.6."""
SERVING = {
    "OpenELB": {"pods": (make_pod(labels={"app.kubernetes.io/name": "openelb"}),)},
    "whoever serves another Service": {"services": (Service("web", "shop", "LoadBalancer", ("192.0.2.7",)),)},
    "a cloud": {"nodes": tuple(make_node(f"pi-{i}", provider="hcloud://42") for i in range(3))},
    "pools that may not be read": {"crds": POOLS, "address_pools": None},
}


@pytest.mark.parametrize("cluster", SERVING.values(), ids=SERVING)
def test_a_provider_whose_addresses_are_not_counted_is_taken_to_have_some(cluster):
    snapshot = make_snapshot(**cluster)
    assert of_address(snapshot, service=BALANCED).level == "ok"
    assert auto_on(snapshot) == "LoadBalancer"


def test_the_judgement_takes_no_time_on_a_full_cluster():
    crowd = tuple(make_pod(f"app-{number}", node="pi-1") for number in range(3000))
    snapshot = snapshot_of("k3s")
    before = time.process_time()
    auto_on(make_snapshot(nodes=snapshot.nodes, pods=(*snapshot.pods, *crowd)))
    assert time.process_time() - before < 0.2


HOME = make_snapshot(crds=POOLS, address_pools=(POOL,))
SHOP = replace(HOME, services=(Service("web", "shop", "LoadBalancer", ("192.0.2.1",)),))


@pytest.mark.parametrize(
    ("cluster", "address", "level", "words"),
    [
        (snapshot_of("microk8s"), "203.0.113.9", "error", "no pool of MetalLB for istio-system has 203.0.113.9"),
        (snapshot_of("kubeadm"), "203.0.113.9", "error", NOBODY),
        (snapshot_of("k3s"), "203.0.113.9", "error", TAKEN),
        (HOME, "192.0.2.1", "ok", "the address comes from MetalLB"),
        (SHOP, "192.0.2.1", "error", "192.0.2.1 is the address of web/shop"),
    ],
    ids=["in no pool", "no provider", "the ports are taken", "of a pool", "of another service"],
)
def test_an_address_must_be_one_that_somebody_gives(cluster, address, level, words):
    finding = of_address(cluster, service={**BALANCED, "address": address})
    assert finding.level == level
    assert words in finding.message
