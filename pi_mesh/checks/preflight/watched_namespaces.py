"""Namespaces with sidecars, Istio objects or used Services must stay among those that istiod watches."""

from collections import defaultdict
from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, unknown
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.traffic.routes import authorizer_targets, route_targets
from pi_mesh.cluster import settings_objects
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.names import IN_CLUSTER
from pi_mesh.words import listed

ID, KEY = "watched namespaces", "istio.discovery"
SHOWN = 3


def check(observation: Observation) -> Iterator[Finding]:
    watched = observation.settings.watched_namespaces
    if watched is None:
        return
    unwatched = {name: uses for name, uses in _uses(observation).items() if name not in watched}
    for name, uses in sorted(unwatched.items()):
        message = f"has {listed(dict.fromkeys(uses), SHOWN)}, and istiod would not watch it"
        yield error(ID, Subject("namespace", name), message, f"add {name} to {KEY}.also, or set {KEY}.limited: false")
    needed = ("pods", "namespaces", settings_objects.UNREADABLE)
    if unread := [kind for kind in needed if kind in observation.snapshot.unreadable]:
        message = f"it was not checked which other namespaces the mesh needs: {', '.join(unread)} may not be listed"
        yield unknown(ID, setting(KEY), message)
    elif not unwatched:
        message = f"istiod watches {', '.join(watched)}, and the mesh needs no other namespace"
        yield ok(ID, setting(KEY), message, number=len(watched))


def _uses(observation: Observation) -> dict[str, list[str]]:
    """Return what would be lost in each namespace that istiod does not watch."""
    uses: dict[str, list[str]] = defaultdict(list)
    for namespace in observation.snapshot.namespaces:
        if namespace.is_injected:
            uses[namespace.name].append("injection (its label)")
    for pod in observation.snapshot.pods:
        if pod.has_lasting_proxy:
            uses[pod.namespace].append(f"the proxy of pod {pod.name}")
    for namespace, kind, name in observation.snapshot.shared_objects:
        uses[namespace].append(f"{kind} {name}")
    for key, namespace in _named(observation.settings):
        uses[namespace].append(f"Services that {key} names")
    return uses


def _named(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the namespaces of Services that the settings name, each with its config key."""
    for target in (*route_targets(settings), *authorizer_targets(settings)):
        if target.service.endswith(IN_CLUSTER):
            yield target.where, target.service.removesuffix(IN_CLUSTER).rpartition(".")[2]
    for namespace in settings.workload_namespaces:
        for host in namespace.own.sidecar_scope if namespace.own.is_scoped else ():
            name = host.partition("/")[0]
            if name not in (".", "*", "~"):
                yield f"{namespace.setting}.sidecarScope", name
