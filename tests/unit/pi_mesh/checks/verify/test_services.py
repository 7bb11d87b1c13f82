"""The verification's findings about the mesh's Services."""

from pi_mesh.checks.verify import services
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster, make_verification

INGRESS, ADDRESS = "istio-system/istio-ingressgateway", "192.0.2.7"
FIXED = make_verification(make_mesh(ingress={"service": {"type": "LoadBalancer", "address": ADDRESS}}))
GIVE = "; set ingress.service.type: NodePort, or install MetalLB$"


def service(*addresses: str, type: str = "LoadBalancer", ports: tuple[int, ...] = (80,)) -> Service:
    return Service("istio-system", "istio-ingressgateway", type, addresses, ports)


@table(
    case(
        "its address and ports",
        HEALTHY,
        service(ADDRESS, ports=(80, 443)),
        f"OK LoadBalancer at {ADDRESS}, ports 80, 443$",
    ),
    case("two addresses", HEALTHY, service(ADDRESS, "2001:db8::7"), f"OK at {ADDRESS}, 2001:db8::7, ports 80$"),
    case("none yet", HEALTHY, service(), f"WARNING waits for an address, but nothing in this cluster gives one{GIVE}"),
    case("a NodePort", HEALTHY, service(type="NodePort"), "OK : is NodePort, ports 80$"),
    case("a ClusterIP", HEALTHY, service(type="ClusterIP"), "OK : is ClusterIP, ports 80$"),
    case("gone", HEALTHY, None, "ERROR : is gone"),
    case("the address that it asks for", FIXED, service(ADDRESS), f"OK : is LoadBalancer at {ADDRESS}, ports 80"),
    case("another", FIXED, service("192.0.2.9"), f"WARNING : is at 192.0.2.9, and asks for {ADDRESS}"),
    case("no address", FIXED, service(), "WARNING : waits for an address"),
    case("a NodePort is not asked for it", FIXED, service(type="NodePort"), "OK "),
    case("nor for another", FIXED, service("192.0.2.9", type="NodePort"), "OK "),
)
def test_a_gateway_needs_its_service_and_a_load_balancer_its_address(observed, live, line):
    kept = tuple(service for service in observed.snapshot.services if service.name != "istio-ingressgateway")
    rows = services.check(in_cluster(observed, services=(*kept, live) if live else kept))
    assert_lines([row for row in rows if row.name == INGRESS], line)
