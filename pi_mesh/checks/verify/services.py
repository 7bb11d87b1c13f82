"""Every Service of the mesh must exist, and the ingress needs an address (`kubectl get svc -n istio-system`)."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.inventory import Workload
from pi_mesh.inventory.mesh_releases import gateways

ID = "services"


def check(observation: Observation) -> Iterator[Finding]:
    live = {(entry.namespace, entry.name): entry for entry in observation.snapshot.services}
    for release in observation.mesh.releases:
        for workload in (workload for workload in release.workloads if workload.service_type):
            subject = Subject("service", workload.id)
            service = live.get((workload.namespace, workload.name))
            if service is None:
                yield error(ID, subject, "is gone", observation.restore(release.id))
            elif service.type == "LoadBalancer" and not service.addresses:
                fix = f"set {workload.setting}.service.type: NodePort, or install MetalLB"
                yield warning(ID, subject, "waits for an address, but nothing in this cluster gives one", fix)
            elif (
                (asked := _address(observation, workload))
                and service.type == "LoadBalancer"
                and asked not in service.addresses
            ):
                message = f"is at {', '.join(service.addresses)}, and asks for {asked}"
                fix = f"see the provider's pools, {workload.setting}.service.addressBy, and the Service's events"
                yield warning(ID, subject, message, fix)
            else:
                address = f" at {', '.join(service.addresses)}" if service.addresses else ""
                ports = ", ".join(map(str, service.ports))
                yield ok(ID, subject, f"is {service.type}{address}, ports {ports}")


def _address(observation: Observation, workload: Workload) -> str:
    """Return the address that a gateway's Service asks for; empty if it takes any."""
    _, gateway = gateways(observation.settings).get(workload.setting, ("", None))
    return (gateway and gateway.service.address) or ""
