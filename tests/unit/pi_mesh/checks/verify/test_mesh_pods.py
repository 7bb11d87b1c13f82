"""The verification's findings about the mesh's pods."""

from dataclasses import replace

import pytest

from pi_mesh.checks.verify import mesh_pods
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Container, Pod
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, component, in_cluster, make_verification, problems

FIRST, *REST = HEALTHY.snapshot.deployments
WAITING = replace(component("istiod"), node="", ready=False)
RUNNING = "OK=1 1 of 1 pods are ready"
LOOK = "-l app=istiod` and `kubectl logs -n istio-system deploy/istiod`"
OWN_LIMIT = {"sidecar.istio.io/proxyMemoryLimit": "64Mi"}
NARROW = "or narrow the namespace's sidecarScope$"
OF_ISTIOD = "main was ended at its memory limit of 256Mi (4 restarts); raise istio.resources.limits.memory$"
INGRESS, ADDRESS = "istio-system/istio-ingressgateway", "192.0.2.7"
FIXED = make_verification(make_mesh(ingress={"service": {"type": "LoadBalancer", "address": ADDRESS}}))
GIVE = "; set ingress.service.type: NodePort, or install MetalLB$"


@pytest.mark.row(11)
def test_a_deleted_deployment_is_a_problem_with_the_command_that_restores_it():
    (problem,) = problems(in_cluster(HEALTHY, deployments=HEALTHY.snapshot.deployments[1:]))
    assert "deployment istio-system/istiod: is missing" in problem
    assert "`helm rollback -n istio-system istiod 3`" in problem


@table(
    case("as it should be", FIRST, component("istiod"), RUNNING),
    case("scaled to nothing", replace(FIRST, wanted=0, ready=0), component("istiod"), "ERROR 0 of 0 pods are re"),
    case("a pod not ready", replace(FIRST, ready=0), component("istiod"), f"ERROR=0 0 of 1 pods are ready; …{LOOK}"),
    case("a pod that finds no node", replace(FIRST, ready=0), WAITING, "ERROR istiod-0 finds no node"),
)
def test_a_deployment_needs_its_ready_pods(deployment, pod, line):
    cluster = in_cluster(HEALTHY, deployments=(deployment, *REST), pods=(pod, *HEALTHY.snapshot.pods[1:]))
    assert_lines(mesh_pods.check(cluster), f"{line}\n{RUNNING}\n{RUNNING}")


def ended(name: str = "istio-proxy", **more: object) -> Pod:
    containers = (Container("app"), Container("istio-proxy"))
    return Pod("trading", "shop-1", containers=containers, out_of_memory=(name,), restarts=1, **more)


@table(
    case("istiod", replace(component("istiod"), out_of_memory=("main",), restarts=4), OF_ISTIOD),
    case("a sidecar", ended(), f"(1 restart); raise proxy.resources.limits.memory, {NARROW}"),
    case("its own limit", ended(annotations=OWN_LIMIT), f"proxyMemoryLimit of its pod template, {NARROW}"),
    case("a workload", ended("app"), "no limit of its own (1 restart); raise its limit in the workload's manifest$"),
)
def test_a_container_that_was_ended_at_its_memory_limit_is_a_warning_with_what_gave_the_limit(pod, line):
    *_, row = mesh_pods.check(in_cluster(HEALTHY, pods=(pod,)))
    assert_lines([row], f"WARNING={pod.restarts} {line}")


def service(*addresses: str, type: str = "LoadBalancer", ports: tuple[int, ...] = (80,)) -> Service:
    return Service("istio-system", "istio-ingressgateway", type, addresses, ports)


@table(
    case("both are told", HEALTHY, service(ADDRESS, ports=(80, 443)), f"OK LoadBalancer at {ADDRESS}, ports 80, 443$"),
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
    rows = mesh_pods.check_services(in_cluster(observed, services=(*kept, live) if live else kept))
    assert_lines([row for row in rows if row.name == INGRESS], line)
