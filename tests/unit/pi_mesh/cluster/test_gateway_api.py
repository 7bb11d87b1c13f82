"""The Gateways for which istiod creates pods: what it creates, and where they count."""

from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.budget.table import rows
from pi_mesh.checks.capacity import demand
from pi_mesh.cluster.gateway_api import NAME, SERVICE_TYPE
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Container
from pi_mesh.cluster.policies import Policy
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.quantities import MI, Resources
from tests.support.findings import case, table
from tests.support.gateway_api import CLASS, OWN_GATEWAY, gateway, gateway_pod, mesh_with, with_objects
from tests.support.snapshots import make_snapshot
from tests.support.versions import NEWEST, SHIPPED

OTHER_CLASS = Policy("GatewayClass", "", "istio", {"controllerName": "example.com/other"})
OWN_CLASS = Policy("GatewayClass", "", "edge", {"controllerName": "istio.io/gateway-controller"})
NAMED = gateway(**{NAME: "front", SERVICE_TYPE: "ClusterIP"})
SIZE = {"requests": {"cpu": "70m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}
SWITCHED_OFF = {"pilot": {"env": {"PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER": "false"}}}
ONE_IP, HOSTNAMES = {"value": "192.0.2.9"}, (OWN_GATEWAY, OWN_GATEWAY)


@table(
    case("a Gateway of istiod's class", (CLASS, gateway()), {}, ["shop/web-istio"]),
    case("istiod knows its class without the object", (gateway(),), {}, ["shop/web-istio"]),
    case("another class of its controller", (OWN_CLASS, gateway(of_class="edge")), {}, ["shop/web-edge"]),
    case("a class of another controller", (OTHER_CLASS, gateway()), {}, []),
    case("an unknown class", (gateway(of_class="traefik"),), {}, []),
    case("a Gateway on a Service that is there", (gateway(OWN_GATEWAY),), {}, []),
    case("a Gateway on two Services", (gateway(*HOSTNAMES),), {}, []),
    case("a Gateway that asks for an address", (gateway(ONE_IP),), {}, ["shop/web-istio"]),
    case("a Gateway that asks for two addresses", (gateway(ONE_IP, ONE_IP),), {}, []),
    case("a Gateway that names its Deployment", (NAMED,), {}, ["shop/front"]),
    case("mode managed", (gateway(),), {"gatewayApi": {"mode": "managed"}}, ["shop/web-istio"]),
    case("mode routes", (gateway(),), {"gatewayApi": {"mode": "routes"}}, []),
    case("mode off", (gateway(),), {"gatewayApi": {"mode": "off"}}, []),
    case("an extra value that excludes them", (gateway(),), {"istio": {"values": SWITCHED_OFF}}, []),
    case("a namespace out of sight", (gateway(),), {"istio": {"discovery": {"limited": True}}}, []),
)
def test_istiod_creates_pods_for_gateways_of_its_class_without_a_service_of_their_own(objects, settings, created):
    assert [workload.id for workload in mesh_with(with_objects(*objects), **settings).api_gateways] == created


def test_a_gateways_pods_have_the_sidecars_size_or_that_of_the_class():
    (plain,) = mesh_with(with_objects(gateway())).api_gateways
    (sized,) = mesh_with(with_objects(NAMED), gatewayApi={"resources": SIZE, "replicas": 2}).api_gateways
    sizes = [(own.resources.limits.resources, own.pods, own.service_type) for own in (plain, sized)]
    assert sizes == [(Resources(200, 256 * MI), 1, "LoadBalancer"), (Resources(1000, 512 * MI), 2, "ClusterIP")]


def test_a_running_deployment_tells_its_own_number_of_pods():
    scaled = with_objects(gateway(), deployments=(Deployment("shop", "web-istio", wanted=3),))
    (workload,) = mesh_with(scaled, gatewayApi={"replicas": 2}).api_gateways
    assert (workload.pods, workload.surge) == (3, 1)


@table((NEWEST, "gatewayApi"), ("1.25.5", "proxy"), (SHIPPED, "proxy"))
def test_the_key_that_sizes_a_gateway_is_that_of_its_class_where_istio_has_defaults_of_classes(version, setting):
    (workload,) = mesh_with(with_objects(gateway()), istio={"version": version}).api_gateways
    assert workload.setting == setting
    label = "istio.io/gateway-name" if version == SHIPPED else "gateway.networking.k8s.io/gateway-name"
    assert workload.selector == {label: "web"}


def test_a_gateway_has_its_row_in_the_budget():
    lines = rows(mesh_budget(mesh_with(with_objects(gateway()))))
    assert ("Gateway shop/web", "1", "50m / 128Mi", "200m / 256Mi", "+ 50m / 128Mi") in lines


def coming(snapshot: Snapshot) -> list[str]:
    asked = demand(mesh_with(snapshot, cluster={"architecture": snapshot.nodes[0].architecture}), snapshot)
    return [pod.workload for pod in asked.coming if pod.namespace == "shop"]


def test_a_gateway_has_its_place_in_the_fit_until_its_pod_runs():
    pod = gateway_pod(Container("istio-proxy", Resources(50, 128 * MI)))
    assert coming(with_objects(gateway())) == ["shop/web-istio"]
    assert coming(with_objects(gateway(), pods=(pod,))) == []
    assert coming(make_snapshot()) == []
