"""The preflight's findings about a gateway's Service, and about the address that it gets."""

import time
from dataclasses import replace

import pytest

from pi_mesh.checks.preflight.gateway_service import check_address, check_service
from pi_mesh.cluster import load_balancers
from pi_mesh.cluster.address_pools import Pool
from pi_mesh.cluster.objects import Crd, Service
from pi_mesh.cluster.snapshot import Snapshot
from tests.support.clusters import load, names, snapshot_of
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import installed_mesh, make_node, make_pis, make_pod, make_snapshot

OWN = ("istio-system", "istio-ingressgateway")
BALANCED, LOCAL = {"type": "LoadBalancer"}, {"type": "NodePort", "externalTrafficPolicy": "Local"}
METALLB, PORT = {**BALANCED, "loadBalancerClass": "metallb.io/metallb"}, {"nodePorts": {"https": 30443}}
ASKING = {"address": "192.0.2.1", "sourceRanges": ["192.0.2.0/24"]}
CLASSES = ("", "tailscale", "metallb.io/metallb")
UNCLASSED, TAILSCALE, SAME = (Service(*OWN, "LoadBalancer", load_balancer_class=name) for name in CLASSES)
FITS, CLASS = "ok ingress.service: fits the cluster", "error ingress.service.loadBalancerClass: is metallb.io/metallb, "
ANNOTATED, CLASSED = {"annotations": {"metallb.io/address-pool": "mesh"}}, {"loadBalancerClass": "tailscale"}
POOLS = (Crd("ipaddresspools.metallb.io"),)
# 192.0.2.1 to 192.0.2.6
HOME = make_snapshot(crds=POOLS, address_pools=(Pool("MetalLB", "home", ((3221225985, 3221225990),), on_request=True),))
SHOP = replace(HOME, services=(Service("web", "shop", "LoadBalancer", ("192.0.2.1",)),))
AUTO = "ingress.service.type: is auto"
NOBODY, TAKEN = "nothing in this cluster gives addresses", "kube-system/traefik holds ports 80 and 443"
CLUSTERS = {
    "k3s": ("NodePort", f"warning {AUTO} and becomes NodePort: …{TAKEN}"),
    "k3s_without_traefik": ("LoadBalancer", f"ok {AUTO}: the address comes from k3s servicelb"),
    "k0s": ("NodePort", f"ok {AUTO} and becomes NodePort: {NOBODY}"),
    "microk8s": ("LoadBalancer", f"ok {AUTO}: the address comes from MetalLB"),
    "microk8s_full": ("NodePort", f"warning {AUTO}…every address of MetalLB's default-addresspool is taken"),
    "kubeadm": ("NodePort", f"ok {AUTO} and becomes NodePort: {NOBODY}"),
    "kind": ("NodePort", f"ok {AUTO} and becomes NodePort: {NOBODY}"),
    "kube_vip": ("LoadBalancer", f"ok {AUTO}: the address comes from kube-vip"),
    "kube_vip_alone": ("NodePort", f"warning {AUTO}…kube-vip-cloud-provider, which does, is missing"),
}


@table(
    case("the defaults fit", (), {}, {}, FITS),
    case("a node port that another Service has", (Service("kube-system", "traefik", node_ports=(30080, 30443)),), PORT,
        {}, "error ingress.service.nodePorts.https: is 30443, which Service kube-system/traefik has"),
    case("a node port that its own Service has", (Service(*OWN, node_ports=(30443,)),), PORT, {}, FITS),
    case("a class for a load balancer without one, which Kubernetes refuses", (UNCLASSED,), METALLB, {},
        f"{CLASS}and the Service in the cluster has none:"),
    case("another class", (TAILSCALE,), METALLB, {}, f"{CLASS}and the Service in the cluster has tailscale:"),
    case("a class before the first install", (), METALLB, {}, FITS),
    case("a class for what was a node port", (Service(*OWN, "NodePort"),), METALLB, {}, FITS),
    case("the same class", (SAME,), METALLB, {}, FITS),
    case("what only a load balancer reads, where auto becomes NodePort", (), ASKING, {},
        "warning ingress.service.type: is auto and becomes NodePort, which has no use for address, sourceRanges"),
    case("what only a load balancer reads, where auto becomes one", (), ASKING, {"balanced": True}, FITS),
    case("local node ports where not every node has a pod", (), LOCAL, {},
        "warning ingress.service.externalTrafficPolicy: is Local, and only 1 node of 3 can answer on the node ports"),
    case("local node ports on every node", (), LOCAL, {"replicas": 3}, FITS),
    case("local node ports of the only node", (), LOCAL, {"nodes": 1}, FITS),
)  # fmt: skip
def test_settings_of_a_service_must_fit_the_cluster(services, service, more, line):
    snapshot = make_snapshot(services=services, nodes=make_pis(more.get("nodes", 3)))
    ingress = {"service": service, "replicas": more.get("replicas", 1)}
    seen = check_service(observation(snapshot, load_balancers=more.get("balanced", False), ingress=ingress))
    assert_told([finding for finding in seen if finding.name.startswith("ingress")], line)


def assert_address(snapshot: Snapshot, line: str, **ingress: object) -> None:
    """Compare what is said of the ingress gateway's address, by default of `auto`."""
    first, *_ = check_address(observation(snapshot, ingress=ingress))
    assert_told([first], line)


def auto_on(snapshot: Snapshot) -> str:
    """Return the type of Service that `auto` becomes."""
    served = load_balancers.served_gateways(make_settings(), snapshot)
    return "LoadBalancer" if "ingress" in served else "NodePort"


@pytest.mark.parametrize("cluster", names())
def test_each_kind_of_cluster_gets_the_service_that_works_there_and_is_refused_one_that_would_wait_in_vain(cluster):
    kind, line = CLUSTERS[cluster]
    assert auto_on(snapshot_of(cluster)) == kind
    assert_address(snapshot_of(cluster), line)
    level = "error" if kind == "NodePort" else "ok"
    assert_address(snapshot_of(cluster), f"{level} ingress.service.type: is LoadBalancer", service=BALANCED)


def test_a_reconstructed_cluster_says_so_and_names_its_sources():
    sources = {load(name)["source"] for name in names()} - {"recorded"}
    assert all(source.startswith("reconstructed from ") and " at " in source for source in sources)


@pytest.mark.parametrize(("service", "level"), [({}, "ok"), (BALANCED, "warning")])
def test_an_installed_mesh_is_warned_of_an_explicit_load_balancer_without_an_address_alone(service, level):
    installed = replace(snapshot_of("k3s"), deployments=installed_mesh()["deployments"])
    assert_address(installed, level, service=service)


def test_a_gateway_keeps_the_address_that_it_has():
    own = {"metadata": {"namespace": OWN[0], "name": OWN[1]}, "spec": BALANCED}
    own["status"] = {"loadBalancer": {"ingress": [{"ip": "192.168.1.9"}]}}
    assert auto_on(snapshot_of("microk8s_full", services=[own])) == "LoadBalancer"


@pytest.mark.parametrize("cluster", ["microk8s_full", "kubeadm"])
@table(
    case("a class", {"service": {**BALANCED, **CLASSED}}),
    case("a class in extra values", {"service": BALANCED, "values": {"service": CLASSED}}),
    case("a pool in extra values", {"service": BALANCED, "values": {"service": ANNOTATED}}),
)
def test_whoever_chooses_the_provider_is_not_contradicted(cluster, ingress):
    assert_address(snapshot_of(cluster), "ok", **ingress)


@table(
    case("OpenELB", {"pods": (make_pod(labels={"app.kubernetes.io/name": "openelb"}),)}),
    case("whoever serves another Service", {"services": (Service("web", "shop", "LoadBalancer", ("192.0.2.7",)),)}),
    case("a cloud", {"nodes": tuple(make_node(f"pi-{i}", provider="hcloud://42") for i in range(3))}),
    case("pools that may not be read", {"crds": POOLS, "address_pools": None}),
)
def test_a_provider_whose_addresses_are_not_counted_is_taken_to_have_some(cluster):
    assert_address(make_snapshot(**cluster), "ok", service=BALANCED)
    assert auto_on(make_snapshot(**cluster)) == "LoadBalancer"


def test_the_judgement_takes_no_time_on_a_full_cluster():
    crowd = tuple(make_pod(f"app-{number}", node="pi-1") for number in range(3000))
    snapshot = replace(snapshot_of("k3s"), pods=(*snapshot_of("k3s").pods, *crowd))
    before = time.process_time()
    auto_on(snapshot)
    assert time.process_time() - before < 0.2


@table(
    case("in no pool", snapshot_of("microk8s"), "203.0.113.9", "error …no pool of MetalLB for istio-system has 203.0"),
    case("no provider", snapshot_of("kubeadm"), "203.0.113.9", f"error …{NOBODY}"),
    case("the ports are taken", snapshot_of("k3s"), "203.0.113.9", f"error …{TAKEN}"),
    case("of a pool", HOME, "192.0.2.1", "ok …the address comes from MetalLB"),
    case("of another service", SHOP, "192.0.2.1", "error …192.0.2.1 is the address of web/shop"),
)
def test_an_address_must_be_one_that_somebody_gives(cluster, address, line):
    assert_address(cluster, line, service={**BALANCED, "address": address})
