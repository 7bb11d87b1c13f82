"""`kubectl get svc -n istio-system`: istiod's and the gateways' services, and whether the ingress can be reached."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, warning
from pi_mesh.checks.ownership import expected_deployments
from pi_mesh.checks.verify.input import Facts

ID = "services"


def check(facts: Facts) -> Iterator[Finding]:
    namespace = facts.settings.istio.namespace
    live = {entry.name: entry for entry in facts.snapshot.services if entry.namespace == namespace}
    for name in expected_deployments(facts.settings):
        subject, found = Subject("service", f"{namespace}/{name}"), live.get(name)
        if found is None:
            yield error(ID, subject, "is gone", facts.restore(name))
        elif found.type == "LoadBalancer" and not found.addresses:
            fix = "set service.type: NodePort for this gateway, or install MetalLB"
            yield warning(ID, subject, "waits for an address that nothing gives it", fix)
        else:
            address = f" at {', '.join(found.addresses)}" if found.addresses else ""
            ports = ", ".join(map(str, found.ports))
            yield ok(ID, subject, f"is {found.type}{address}, ports {ports}")
