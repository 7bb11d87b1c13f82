"""The cluster must hold no other Istio and no webhooks that one left behind."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok
from pi_mesh.cluster.objects import Deployment, Webhook
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory

CONTROL_PLANE, WEBHOOKS = "foreign istio", "istio webhooks"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    yield from _control_planes(mesh, snapshot)
    yield from _webhooks(mesh, snapshot)


def _control_planes(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    foreign = [entry for entry in snapshot.deployments if _is_istiod(entry) and not mesh.owns(entry.release)]
    for entry in foreign:
        by = f"of release {entry.release}" if entry.release else "of no Helm release"
        message = f"is another istiod, {by}; two control planes fight over webhooks and certificates"
        fix = "remove it first (`istioctl uninstall --purge`, or `helm uninstall`)"
        yield error(CONTROL_PLANE, Subject("deployment", f"{entry.namespace}/{entry.name}"), message, fix)
    if not foreign:
        yield ok(CONTROL_PLANE, CLUSTER, "no other control plane")


def _webhooks(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    """Of a foreign Istio, or stale: a webhook that calls a service which is gone blocks what it watches."""
    hooks = {hook.configuration: hook for hook in snapshot.webhooks if _of_istio(hook)}
    services = {f"{service.namespace}/{service.name}" for service in snapshot.services}
    foreign = [hook for hook in hooks.values() if not mesh.owns(hook.release)]
    for hook in foreign:
        stale = f", which calls {hook.service}, a service that is gone" if hook.service not in services else ""
        kind = f"{hook.kind.lower()}webhookconfiguration"
        message = f"belongs to {hook.release or 'no Helm release'}, not to this stack{stale}"
        subject = Subject(kind, hook.configuration)
        yield error(WEBHOOKS, subject, message, f"`kubectl delete {subject}`")
    if not foreign:
        yield ok(WEBHOOKS, CLUSTER, "none but this stack's own")


def _is_istiod(entry: Deployment) -> bool:
    return entry.labels.get("app") == "istiod" or entry.name == "istiod"


def _of_istio(hook: Webhook) -> bool:
    return hook.name.endswith("istio.io") or "istiod" in hook.service.partition("/")[2]
