"""A Service of type LoadBalancer needs a provider of addresses, or Helm waits until its timeout."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, error, ok, setting
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory

ID = "load balancer"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    provider = snapshot.load_balancer
    asking = [workload.setting for workload in mesh.workloads if workload.service_type == "LoadBalancer"]
    if provider:
        yield ok(ID, CLUSTER, f"addresses come from {provider}")
    elif not asking:
        yield ok(ID, CLUSTER, "no provider of addresses, and none is needed")
    for key in [] if provider else asking:
        message = "is LoadBalancer, but nothing in this cluster gives addresses: Helm would wait until its timeout"
        yield error(ID, setting(f"{key}.service.type"), message, "set auto or NodePort, or install MetalLB")
