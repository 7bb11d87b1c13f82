"""A snapshot of the live cluster, read once and judged by every check."""

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

from pi_mesh.cluster import address_pools, identity, nodes, objects, pods, release_records, rights
from pi_mesh.cluster.address_pools import Pool
from pi_mesh.cluster.audit_log import AuditLog
from pi_mesh.cluster.cert_manager import SigningIssuer
from pi_mesh.cluster.client import METADATA_ONLY, Client
from pi_mesh.cluster.ingress_secrets import IngressCertificates
from pi_mesh.cluster.listing import Lists, reduced
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.objects import Crd, Deployment, Namespace, Service, Webhook
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policy
from pi_mesh.cluster.release_records import ReleaseRecord
from pi_mesh.cluster.rights import Missing
from pi_mesh.interpreter import no_search_for_cycles
from pi_mesh.names import EXTERNAL_CA_LABEL

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
WHOLE: dict[str, tuple[str, Callable[[dict], Any]]] = {
    "nodes": ("/api/v1/nodes", nodes.parse),
    "pods": ("/api/v1/pods", pods.parse),
    "services": ("/api/v1/services", objects.service),
    "namespaces": ("/api/v1/namespaces", objects.namespace),
    "deployments": ("/apis/apps/v1/deployments", objects.deployment),
    "validating webhooks": (f"{ADMISSION}/validatingwebhookconfigurations", partial(objects.webhooks, "Validating")),
    "mutating webhooks": (f"{ADMISSION}/mutatingwebhookconfigurations", partial(objects.webhooks, "Mutating")),
}
"""Path of each kind that is read whole, and the function that reduces an object."""
SECRETS, CONFIG_MAPS = "/api/v1/secrets", "/api/v1/configmaps"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True)
class Snapshot:
    """The cluster at the time of the read."""

    context: str = ""
    version: str = ""
    """Version of the API server, such as "v1.36.3"."""
    nodes: tuple[Node, ...] = ()
    pods: tuple[Pod, ...] = ()
    """Pods that hold resources: neither succeeded nor failed."""
    services: tuple[Service, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    crds: tuple[Crd, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    releases: tuple[ReleaseRecord, ...] = ()
    """Last revision of each Helm release."""
    unreadable: tuple[str, ...] = ()
    """Kinds that the user may not list, and which are therefore unknown."""
    external_ca: tuple[str, ...] = ()
    """Namespaces whose istiod got a CA from a stack of this project."""
    external_signer: tuple[str, ...] = ()
    """Namespaces whose istiod has an external signer, set up by a stack of this project."""
    address_pools: tuple[Pool, ...] | None = ()
    """Pools from which MetalLB, Cilium or kube-vip take addresses of Services; None if they may not be read."""
    issuer: SigningIssuer | None = None
    """cert-manager's Issuer of `ca.issuer`; None if the settings name none, or it was not read."""
    shared_objects: tuple[tuple[str, str, str], ...] = ()
    """Namespace, kind and name of Istio objects that bear on other namespaces; read if `istio.discovery` is limited."""
    routes: tuple[Policy, ...] = ()
    """Routes of requests; read only if a service takes orders."""
    audit: AuditLog | None = None
    """Calls in the audit log of the workloads' proxies; None if it was not read."""
    ingress_certificates: IngressCertificates | None = None
    missing_rights: tuple[str, ...] = ()
    """RESOURCE.GROUP that the user may not create."""
    missing_changes: tuple[str, ...] = ()
    """VERB RESOURCE.GROUP that the user lacks for a later `up`."""

    @property
    def uid(self) -> str:
        """Return the UID of the cluster; empty if namespaces cannot be listed."""
        return identity.of(self.namespaces)

    def namespace(self, name: str) -> Namespace | None:
        return next((entry for entry in self.namespaces if entry.name == name), None)

    def release(self, namespace: str, name: str) -> ReleaseRecord | None:
        return next((entry for entry in self.releases if (entry.namespace, entry.name) == (namespace, name)), None)


def read(context: str, *, read_only: bool = False) -> Snapshot:
    """Read the cluster of a kube context; with `read_only` by get and list alone, and no Secret.

    Raises WrongContext unless it is the kubeconfig's current context, and ClusterUnreachable if it does not answer.
    """
    with Client(context) as client, no_search_for_cycles():
        version = client.get("/version")["gitVersion"]  # first and alone: one timeout instead of ten
        with ThreadPoolExecutor(max_workers=5) as pool:
            lists = {kind: pool.submit(reduced, client, path, parse) for kind, (path, parse) in WHOLE.items()}
            lists["crds"] = pool.submit(reduced, client, CRDS, objects.crd, METADATA_ONLY)
            labelled = {"labelSelector": EXTERNAL_CA_LABEL}
            if not read_only:
                helms, parse = {"labelSelector": release_records.SELECTOR}, release_records.parse
                lists["releases"] = pool.submit(reduced, client, SECRETS, parse, METADATA_ONLY, **helms)
                lists["external ca"] = pool.submit(reduced, client, SECRETS, objects.home, METADATA_ONLY, **labelled)
            lists["external signer"] = pool.submit(
                reduced, client, CONFIG_MAPS, objects.home, METADATA_ONLY, **labelled
            )
            missing = Missing() if read_only else rights.missing(client.ask)
            found = {kind: future.result() for kind, future in lists.items()}
        pools = address_pools.read(client, found["crds"] or (), found["pods"] or ())
    return replace(_snapshot(context, version, found, missing), address_pools=pools)


def _snapshot(context: str, version: str, found: Lists, missing: Missing) -> Snapshot:
    kept = defaultdict(tuple, {kind: items or () for kind, items in found.items()})
    return Snapshot(
        context,
        version,
        nodes=kept["nodes"],
        pods=tuple(pod for pod in kept["pods"] if not pod.finished),
        services=kept["services"],
        namespaces=kept["namespaces"],
        crds=kept["crds"],
        webhooks=tuple(chain(*kept["validating webhooks"], *kept["mutating webhooks"])),
        deployments=kept["deployments"],
        releases=release_records.latest(kept["releases"]),
        external_ca=kept["external ca"],
        external_signer=kept["external signer"],
        unreadable=tuple(kind for kind, items in found.items() if items is None),
        missing_rights=missing.create,
        missing_changes=missing.change,
    )
