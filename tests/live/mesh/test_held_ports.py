"""A cluster whose ports 80 and 443 are held on every node, as k3s' Traefik holds them."""

import time
from collections.abc import Iterator

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.cluster.waiting import wait_until
from pi_mesh.cluster.load_balancers import SERVICELB_LABELS
from tests.support import pods
from tests.support.project import Project

NAME, PORTS = "svclb-traefik-3f6c1d2a", (80, 443)
SERVED_AT = "198.51.100.7"


@pytest.fixture
def traefik() -> Iterator[None]:
    """Run on each node a pod that holds the ports, as k3s' servicelb does for Traefik's Service."""
    labels = {
        "app": NAME,
        f"{SERVICELB_LABELS[0]}/svcname": "traefik",
        f"{SERVICELB_LABELS[0]}/svcnamespace": "kube-system",
    }
    held = [pods.idle(name=f"lb-{port}", ports=[{"containerPort": port, "hostPort": port}]) for port in PORTS]
    template = {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 0, "containers": held}}
    metadata = {"name": NAME, "namespace": "kube-system"}
    spec = {"selector": {"matchLabels": {"app": NAME}}, "template": template}
    ports = [{"name": f"port-{port}", "port": port} for port in PORTS]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "traefik", "namespace": "kube-system"}}
    try:
        pods.apply(
            {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata, "spec": spec},
            {**service, "spec": {"type": "LoadBalancer", "ports": ports, "selector": {"app": NAME}}},
        )
        address = f'{{"status":{{"loadBalancer":{{"ingress":[{{"ip":"{SERVED_AT}"}}]}}}}}}'
        kubectl("patch", "service/traefik", "-n", "kube-system", "--subresource=status", "--type=merge", "-p", address)
        wait_until("the ports of every node are held", lambda: held_on() == 3, seconds=60)
        yield
    finally:
        kubectl("delete", "-n", "kube-system", f"daemonset/{NAME}", "service/traefik", "--ignore-not-found")


def held_on() -> int:
    return get("daemonset", NAME, "-n", "kube-system").get("status", {}).get("numberReady", 0)


@pytest.mark.usefixtures("traefik")
def test_an_up_takes_node_ports_and_refuses_a_load_balancer_before_it_waits(nothing: Project, figure):
    nothing.set("ingress.service", {"type": "LoadBalancer"})
    started = time.monotonic()
    refused = nothing.up()
    refusal = time.monotonic() - started
    assert refused.status != 0
    line = refused.line_with("load balancer: ingress.service.type: is LoadBalancer, but k3s servicelb needs ports")
    assert "kube-system/traefik holds ports 80 and 443" in line
    nothing.reset()
    started = time.monotonic()
    said = nothing.must_up().line_with("is auto and becomes NodePort")
    install = time.monotonic() - started
    service = get("service", "istio-ingressgateway", "-n", "istio-system")
    assert service["spec"]["type"] == "NodePort"
    assert max(refusal, install) < 60
    print(f"{refusal:.1f} s: {line.strip()}\n{install:.1f} s: {said.strip()}")
    figure(f"`auto`: up in {install:.0f} s as NodePort; LoadBalancer: refused after {refusal:.0f} s. {line.strip()}")
