"""Memory limits must be enough for the number of services in the cluster."""

from collections.abc import Iterator

from pi_mesh.catalog.footprint import MARGIN, SIDECAR, Growth
from pi_mesh.checks.finding import Finding, Subject, ok, setting, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.inventory import Inventory
from pi_mesh.model import ResourceProfile
from pi_mesh.quantities import show_memory
from pi_mesh.words import counted

ID = "memory for the services"


def check(observation: Observation) -> Iterator[Finding]:
    if "services" in observation.snapshot.unreadable:
        message = "it was not checked if the memory limits are enough for the cluster's services"
        yield unknown(ID, Subject("service"), message)
        return
    watched = observation.settings.watched_namespaces
    count = sum(watched is None or service.namespace in watched for service in observation.snapshot.services)
    services = counted(count, "service")
    short = [each for each in _told(observation.mesh) if each[2].memory(count) > each[1].limits.memory.bytes]
    for path, profile, growth in short:
        needed = f"{show_memory(growth.memory(count))} to allow for with {services}"
        measured = f"{MARGIN} times what was measured: docs/figures/footprint.md"
        message = f"{profile.limits.memory} is less than the {needed} ({measured})"
        yield warning(ID, setting(f"{path}.limits.memory"), message, "raise it", number=count)
    if not short:
        yield ok(ID, Subject("limit"), f"the memory limits are enough for {services}", number=count)


def _told(mesh: Inventory) -> Iterator[tuple[str, ResourceProfile, Growth]]:
    """Yield the settings of components that learn of all services: config key, resource profile and memory growth."""
    for workload in mesh.workloads:
        if workload.growth:
            yield f"{workload.setting}.resources", workload.resources, workload.growth
    settings = mesh.settings
    if any(namespace.own.injection and not namespace.own.is_scoped for namespace in settings.workload_namespaces):
        yield "proxy.resources", settings.proxy.resources, SIDECAR
