"""Do the memory limits hold for as many services as the cluster has?"""

from collections.abc import Iterator

from pi_mesh.catalog.footprint import GATEWAY, ISTIOD, SIDECAR, Growth
from pi_mesh.checks.finding import Finding, Subject, ok, setting, unknown, warning
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.quantities import show_memory
from pi_mesh.settings import Settings
from pi_mesh.settings.resources import ResourceProfile

ID = "memory for the services"


def check(settings: Settings, snapshot: Snapshot) -> Iterator[Finding]:
    if "services" in snapshot.unreadable:
        message = "whether the memory limits hold for the cluster's services was not checked"
        yield unknown(ID, Subject("service"), message)
        return
    count = len(snapshot.services)
    found = [each for each in _told(settings) if each[2].memory(count) > each[1].limits.memory.bytes]
    for path, profile, growth in found:
        message = (
            f"{profile.limits.memory} is less than the {show_memory(growth.memory(count))} that it takes "
            f"with {count} services (measured: docs/footprint.md)"
        )
        yield warning(ID, setting(f"{path}.limits.memory"), message, "raise it", number=count)
    if not found:
        yield ok(ID, Subject("limit"), f"the memory limits hold for {count} services", number=count)


def _told(settings: Settings) -> Iterator[tuple[str, ResourceProfile, Growth]]:
    """Those that are told of all services: key path, profile, and how they grow."""
    yield "istio.resources", settings.istio.resources, ISTIOD
    for key, gateway in (("ingress", settings.ingress), ("egress", settings.egress)):
        if gateway.enabled:
            yield f"{key}.resources", gateway.resources, GATEWAY
    if not settings.trading.sidecar_scope:
        yield "proxy.resources", settings.proxy.resources, SIDECAR
