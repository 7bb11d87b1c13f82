"""A destroy must neither delete workloads of others nor leave their proxies without istiod, and lets pods drain."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from pi_mesh.checks.finding import Finding, Subject, error, errors
from pi_mesh.checks.preflight.trading_hours import refused_restart
from pi_mesh.cluster import identity, objects, pod_lifecycle, pods, workloads
from pi_mesh.cluster.client import METADATA_ONLY, Client
from pi_mesh.cluster.errors import ClusterError, ClusterUnreachable, NotConnected, UnknownContext, WrongContext
from pi_mesh.cluster.objects import release_of
from pi_mesh.cluster.proxies import Proxy
from pi_mesh.cluster.stack_state import DRAIN
from pi_mesh.inventory import Inventory, Kind
from pi_mesh.settings.istio import DEFAULT_REVISION
from pi_mesh.settings.namespaces import TradingHours
from pi_mesh.words import listed

ID = "destroy"
SHOWN = 5
PROVIDER = "pulumi:providers:kubernetes::cluster"
"""Type and name of the provider, on which all that is on the cluster depends. To forget it is the way that works: with
DELETE_UNREACHABLE the provider forgets objects, but no Helm release ("can't delete Helm Release with unreachable
cluster" in provider/pkg/provider/helm_release.go of pulumi-kubernetes 4.25.0)."""
DELETE_UNREACHABLE = "PULUMI_K8S_DELETE_UNREACHABLE"
"""Environment variable by which the Kubernetes provider forgets the objects of a cluster that is gone:
https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/."""


@dataclass(frozen=True)
class Destroyed:
    """Namespaces, releases and revisions that a destroy deletes, and the settings that let it delete more."""

    context: str
    cluster: str = ""
    """UID of the cluster; any other one is refused. Empty if it was not known."""
    deleted: tuple[str, ...] = ()
    """Namespaces that are deleted with everything in them."""
    retained: tuple[str, ...] = ()
    """Adopted namespaces, which stay."""
    releases: tuple[str, ...] = ()
    """Helm releases of the stack, as NAMESPACE/NAME."""
    revisions: tuple[str, ...] = (DEFAULT_REVISION,)
    """Revisions of its istiods; the first one's is "default"."""
    tags: tuple[str, ...] = ()
    workloads: bool = False
    """destroy.workloads."""
    removal: bool = False
    """istio.allowRemoval."""
    hours: str = ""
    """JSON of trading.hours; empty without them."""
    left: tuple[str, ...] = ()
    """What stays in the cluster, each with the reason."""

    @classmethod
    def by_destroy_of(cls, mesh: Inventory, cluster_uid: str) -> "Destroyed":
        """Return what a destroy of this mesh deletes."""
        settings = mesh.settings
        canaries = (str(release.values["revision"]) for release in mesh.of_kind(Kind.CANARY))
        return cls(
            settings.cluster.context,
            cluster_uid,
            tuple(item.name for item in mesh.namespaces if not item.adopted),
            tuple(item.name for item in mesh.namespaces if item.adopted),
            tuple(release.id for release in mesh.releases),
            (DEFAULT_REVISION, *canaries),
            tuple(settings.istio.tags),
            settings.destroy.workloads,
            settings.istio.allow_removal,
            settings.trading.hours.model_dump_json(by_alias=True) if settings.trading.hours else "",
            tuple(_left(mesh)),
        )


def _left(mesh: Inventory) -> Iterator[str]:
    settings = mesh.settings
    if not settings.destroy.crds:
        yield "Istio's CRDs, with which every object of their kinds would go (destroy.crds: true removes them)"
    if settings.gateway_api.crds:
        yield "the Gateway API's CRDs, for the same reason"
    if not settings.destroy.root_certificates:
        yield "the ConfigMap istio-ca-root-cert in each namespace (destroy.rootCertificates: true removes it)"
    yield from (f"namespace {item.name}, which others made" for item in mesh.namespaces if item.adopted)
    yield "sidecars of pods elsewhere, until the pods are restarted"


def deletion_refusal(urn: str, recorded: Mapping[str, Any]) -> str:
    """Return why the deletion of the guard is refused; empty if it is not, as for a drain, which waits for pods."""
    if not urn.rpartition("::")[0].endswith(DRAIN):
        return refusal(recorded, urn)
    # The deletion of the namespace says what is wrong, and without this wait it only takes longer.
    with suppress(ClusterError), Client(recorded["context"]) as client:
        pod_lifecycle.wait_for_stopping_pods(client, recorded["namespace"], recorded["spare"])
    return ""


def refusal(recorded: Mapping[str, Any], urn: str) -> str:
    """Return why the destroy of a recorded mesh is refused, in lines, or an empty text; `urn` is the guard's."""
    known = {field.name for field in fields(Destroyed)}
    destroyed = Destroyed(**{name: value for name, value in recorded.items() if name in known})
    provider = "::".join([*urn.split("::")[:2], PROVIDER])
    forget = f"`pulumi state delete '{provider}' --target-dependents`"
    gone = f"if that cluster is gone for good, {forget} forgets what was on it"
    try:
        with Client(destroyed.context) as client:
            live = identity.read(client)
            if identity.is_other(destroyed.cluster, live):
                return (
                    f"the context '{destroyed.context}' leads to another cluster, with the UID {live}; this stack was "
                    f"last applied to {destroyed.cluster}; nothing was touched. Let KUBECONFIG name the stack's "
                    f"cluster; {gone}"
                )
            hours = TradingHours.model_validate_json(destroyed.hours) if destroyed.hours else None
            if held := errors(refused_restart(hours, "a destroy deletes istiod and the gateways", datetime.now(UTC))):
                return f"{held[0]}; nothing was touched"
            users = [] if destroyed.workloads else list(check(client, destroyed))
    except (NotConnected, UnknownContext) as problem:
        if os.environ.get(DELETE_UNREACHABLE, "").lower() == "true":
            return ""
        reason = problem.reason if isinstance(problem, UnknownContext) else problem
        return f"nobody can say who uses the mesh: {reason}; nothing was touched; {gone}"
    except WrongContext as problem:
        chosen = f"`kubectl config use-context {destroyed.context}`"
        return f"{problem.reason}; nothing was touched. Run {chosen}, and destroy again"
    except ClusterUnreachable as problem:
        return f"nobody can say who uses the mesh: {problem}; nothing was touched; run it again when that is mended"
    if not users:
        return ""
    fix = "Remove them, or set destroy.workloads: true and run `pulumi up`, and destroy again"
    beside = f"(where no `up` is possible: `pulumi state delete '{urn}'`)"
    lines = (f"  {user}" for user in users)
    return "\n".join(["others still use this mesh; nothing was touched:", *lines, fix, beside])


def check(client: Client, destroyed: Destroyed) -> Iterator[Finding]:
    """Yield an error for each namespace, and for the proxies, that the destroy would take from others."""
    for name in destroyed.deleted:
        if there := workloads.foreign_workloads(client, name, destroyed.releases):
            message = f"would be deleted with {listed(there, SHOWN)}"
            yield error(ID, Subject("namespace", name), message, "", number=len(there))
    if led := sorted(set(_led(client, destroyed))):
        message = f"would lose the istiod that configures them and renews their certificates: {listed(led, SHOWN)}"
        yield error(ID, Subject("sidecar"), message, "", number=len(led))
    if not destroyed.removal:
        yield from _asking(client, destroyed)


def _led(client: Client, destroyed: Destroyed) -> Iterator[str]:
    """Yield the workloads elsewhere with proxies of the mesh, as NAMESPACE/NAME."""
    items = client.items("/apis/apps/v1/deployments", METADATA_ONLY)
    installed = [item for item in items if release_of(item["metadata"]) in destroyed.releases]
    own = {f"{objects.home(item)}/{item['metadata']['name']}" for item in installed}
    for pod in map(pods.parse, client.each("/api/v1/pods")):
        lasts = pod.has_lasting_proxy and not pod.finished and pod.namespace not in destroyed.deleted
        if lasts and pod.workload not in own and Proxy(pod, "").revision in destroyed.revisions:
            yield pod.workload


def _asking(client: Client, destroyed: Destroyed) -> Iterator[Finding]:
    """Yield an error for each namespace of others that asks for a revision beside the first, or for a tag."""
    going = {*destroyed.revisions[1:], *destroyed.tags}
    for namespace in map(objects.namespace, client.items("/api/v1/namespaces")):
        if namespace.revision in going and namespace.name not in (*destroyed.deleted, *destroyed.retained):
            message = f"asks for the revision {namespace.revision}, which would be removed"
            yield error(ID, Subject("namespace", namespace.name), message, "istio.allowRemoval: true removes it anyway")
