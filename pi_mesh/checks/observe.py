"""The one way to read a cluster for its checks: for preflight, verify, upgrade and the program."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from enum import Enum, auto

from pi_mesh import inventory
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.cut_callers import audited_namespaces
from pi_mesh.checks.verify.diff import needs_defaults
from pi_mesh.cluster import (
    audit_log,
    gateway_api,
    identity,
    learned,
    live_objects,
    load_balancers,
    mesh_ca,
    policies,
    routes,
    settings_objects,
    snapshot,
    workloads,
)
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory
from pi_mesh.inventory.chart_lock import Lock
from pi_mesh.settings import Settings


class Needs(Enum):
    """The extent of what is read for a command."""

    PREFLIGHT = auto()
    """The cluster, the objects that the settings name, and the audits of what an `up` would begin to refuse."""
    VERIFICATION = auto()
    """The cluster, the live objects with Helm's records, the CA, the policies, and all audits."""
    READ_ONLY_VERIFICATION = auto()
    """The same with get and list alone, and without any Secret."""


def observe(
    settings: Settings, stack: str, exported: Callable[[], StackState], lock: Lock, needs: Needs = Needs.PREFLIGHT
) -> Observation:
    """Read the cluster of the settings once; `exported` is called when the state is needed and not before.

    `lock` is the stack's, read by the caller: an `up` installs the very charts that the checks compare with it.

    Raises ClusterUnreachable, and WrongContext if the cluster is not the one of the settings or of the state.
    """
    read_only = needs is Needs.READ_ONLY_VERIFICATION
    cluster = snapshot.read(settings.cluster.context, read_only=read_only)
    if needs is not Needs.PREFLIGHT:
        observation = _of_verification(settings, stack, cluster, lock, read_only=read_only)
        identity.require(settings.cluster, exported().cluster_uid, cluster.uid)
        return observation
    cluster, state = settings_objects.with_settings_objects(cluster, settings), exported()
    identity.require(settings.cluster, state.cluster_uid, cluster.uid)
    cluster = _with_audit(cluster, settings, audited_namespaces(settings, state))
    mesh = mesh_on(settings, stack, cluster, lock)
    return Observation(mesh, cluster, state, tenants=_tenants(mesh, state))


def _tenants(mesh: Inventory, state: StackState) -> dict[str, list[str]]:
    """Return the workloads of others in the namespaces that the stack made and the settings no longer have."""
    deleted = sorted(state.owned - {item.name for item in mesh.namespaces})
    if not deleted:
        return {}
    with Client(mesh.settings.cluster.context) as client:
        return {name: workloads.foreign_workloads(client, name, state.releases) for name in deleted}


def _of_verification(settings: Settings, stack: str, cluster: Snapshot, lock: Lock, *, read_only: bool) -> Observation:
    context, namespace = settings.cluster.context, settings.istio.namespace
    cluster = routes.with_routes(cluster, settings)
    cluster = cluster if read_only else settings_objects.with_ingress_certificates(cluster, settings)
    cluster = _with_audit(cluster, settings, settings.audited_namespaces)
    mesh = mesh_on(settings, stack, cluster, lock)
    records = [cluster.release(release.namespace, release.name) for release in mesh.releases]
    # An adopted namespace keeps its own labels and annotations.
    objects = [item.manifest for item in mesh.objects if not item.adopted]
    helms = None if read_only else [record for record in records if record]
    with Client(context) as client, ThreadPoolExecutor() as beside:
        istio_policies = beside.submit(policies.read, client, namespace)
        live = live_objects.read(settings, helms, objects, needs_defaults)
    ca = mesh_ca.read_authority(context, namespace, secrets=not read_only, issued=settings.ca.issuer is not None)
    return Observation(mesh, cluster, live=live, authority=ca, policies=istio_policies.result())


def _with_audit(cluster: Snapshot, settings: Settings, namespaces: Collection[str]) -> Snapshot:
    """Return the snapshot with the audit log of these namespaces, and with what is remembered of all."""
    if not namespaces:
        return cluster
    log = audit_log.read(settings.cluster.context, cluster.pods, namespaces)
    with Client(settings.cluster.context) as client:
        memory = learned.read(client, settings.istio.namespace).memory
        waiting = learned.waiting_jobs(client, memory.since) if memory.since else ()
        return replace(cluster, audit=replace(log, memory=memory, waiting=waiting))


def mesh_on(settings: Settings, stack: str, cluster: Snapshot | None, lock: Lock, root: str | None = None) -> Inventory:
    """Return the mesh on this cluster: with its load balancers, locked charts, and the Gateways that istiod serves."""
    served = load_balancers.served_gateways(settings, cluster)
    mesh = inventory.mesh_inventory(settings, stack, served, root, lock)
    return replace(mesh, api_gateways=gateway_api.gateway_workloads(settings, cluster)) if cluster else mesh
