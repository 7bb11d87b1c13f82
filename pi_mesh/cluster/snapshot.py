"""A snapshot of the live cluster, read once and judged by every check."""

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain, product
from typing import Any, NamedTuple

from pi_mesh.catalog.istio import GATEWAY_API
from pi_mesh.cluster import address_pools, helm_releases, identity, nodes, objects, pods, policies
from pi_mesh.cluster.address_pools import Pool
from pi_mesh.cluster.audit_log import AuditLog
from pi_mesh.cluster.client import METADATA_ONLY, Client, Forbidden
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.objects import Crd, Deployment, Namespace, Service, Webhook
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policy
from pi_mesh.interpreter import no_search_for_cycles
from pi_mesh.names import EXTERNAL_CA_LABEL
from pi_mesh.names import GATEWAY_API as GROUP
from pi_mesh.settings.traffic.gateways import CertificateIssuer

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
NEEDED = [
    "namespaces",
    "secrets",
    "services",
    "deployments.apps",
    "customresourcedefinitions.apiextensions.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "peerauthentications.security.istio.io",
]
"""RESOURCE.GROUP of the objects that the charts and the program create in any mesh."""
ALSO = [
    "configmaps",
    "serviceaccounts",
    "limitranges",
    "resourcequotas",
    "roles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
    "horizontalpodautoscalers.autoscaling",
    "poddisruptionbudgets.policy",
    "sidecars.networking.istio.io",
]
"""RESOURCE.GROUP of the objects that only some settings create."""
CHANGES = ("update", "patch", "delete")

Ask = Callable[[str, dict], dict]


class Missing(NamedTuple):
    """The rights that the kubeconfig's user lacks."""

    create: tuple[str, ...] = ()
    """RESOURCE.GROUP of what an install creates."""
    change: tuple[str, ...] = ()
    """VERB RESOURCE.GROUP of what a later `up` does, or what only some settings create."""


def missing_rights(ask: Ask) -> Missing:
    """Return the missing rights, as the API server's own authorizers judge."""
    if _is_allowed(ask, ("*", "*.*")):
        return Missing()
    create = [("create", kind) for kind in NEEDED]
    change = [(verb, kind) for kind, verb in product(NEEDED, CHANGES)]
    change += [(verb, kind) for kind, verb in product(ALSO, ("create", *CHANGES))]
    with ThreadPoolExecutor(max_workers=5) as pool:
        allowed = dict(zip(create + change, pool.map(partial(_is_allowed, ask), create + change), strict=True))
    lacking = tuple(" ".join(right) for right in change if not allowed[right])
    return Missing(tuple(kind for verb, kind in create if not allowed[verb, kind]), lacking)


def _is_allowed(ask: Ask, right: tuple[str, str]) -> bool:
    verb, kind = right
    resource, _, group = kind.partition(".")
    attributes = {"verb": verb, "group": group, "resource": resource}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    return ask(REVIEWS, {**review, "spec": {"resourceAttributes": attributes}})["status"]["allowed"]


def reduced(
    client: Client, path: str, parse: Callable[[dict], Any], headers: dict | None = None, **parameters: str
) -> tuple | None:
    """Return the reduced items of a list; None if listing is forbidden."""
    try:
        return tuple(parse(item) for item in client.each(path, headers, **parameters))
    except Forbidden:
        return None


@dataclass(frozen=True)
class IngressSecret:
    """The Secret of a certificate that a gateway shows, without the key."""

    name: str
    there: bool = True
    elsewhere: tuple[str, ...] = ()
    """Other namespaces of the stack that have a Secret of this name, where the gateway does not look."""
    chain: str = ""
    """Certificate in PEM form, with those of its signers; empty if the Secret has none with a key."""
    fits: bool = True
    """True if the key is that of the certificate, or one of them cannot be read."""
    has_client_ca: bool = True
    """True if it has the CA of the other side's certificates."""
    unreadable: bool = False
    """True if the user may not read it."""


@dataclass(frozen=True)
class IngressCertificates:
    """Secrets and Issuers of the listeners' certificates, and of those for hosts outside, as the cluster has them."""

    secrets: tuple[IngressSecret, ...] = ()
    issuers: tuple[tuple[CertificateIssuer, str], ...] = ()
    """Issuers, each with the reason why it signs nothing; empty if it does."""
    egress: tuple[IngressSecret, ...] = ()
    """Secrets of the certificates that the egress gateway shows."""


@dataclass(frozen=True)
class SigningIssuer:
    """cert-manager's Issuer that signs the mesh's CA."""

    type: str
    """Type of the Issuer, such as "ca" or "selfSigned"."""
    problem: str = ""
    """Reason why the Issuer is not ready; empty if it is."""
    has_signed: bool = False
    """True if the CA has been signed, so that the mesh works without the Issuer."""


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
UNCHANGED = ("nodes", "services", "namespaces", "crds", "deployments")
"""Kinds whose lists are fields of the snapshot as they are."""
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
    """Pools from which MetalLB or Cilium take addresses of Services; None if they may not be read."""
    gateway_api: tuple[Policy, ...] | None = ()
    """Objects of the Gateway API; None if not all of its kinds may be listed."""
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
        return next((entry.uid for entry in self.namespaces if entry.name == identity.SYSTEM), "")

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
            labelled = {
                "releases": (SECRETS, helm_releases.parse_record, helm_releases.HELM_SELECTOR),
                "external ca": (SECRETS, objects.home, EXTERNAL_CA_LABEL),
                "external signer": (CONFIG_MAPS, objects.home, EXTERNAL_CA_LABEL),
            }
            for kind, (path, parse, label) in labelled.items():
                if not read_only or path != SECRETS:
                    lists[kind] = pool.submit(reduced, client, path, parse, METADATA_ONLY, labelSelector=label)
            missing = Missing() if read_only else missing_rights(client.ask)
            items = {kind: future.result() for kind, future in lists.items()}
            crds = items["crds"]
            has_api = crds is None or any(crd.name.endswith(f".{GROUP}") for crd in crds)
            kinds = {GROUP: tuple(GATEWAY_API)} if has_api else {}
            api_objects, forbidden = policies.listed(client, kinds, pool)
        pools = address_pools.read(client, crds or ())
    kept = defaultdict(tuple, {kind: entries or () for kind, entries in items.items()})
    as_listed: dict[str, Any] = {kind: kept[kind] for kind in UNCHANGED}
    return Snapshot(
        context,
        version,
        **as_listed,
        pods=tuple(pod for pod in kept["pods"] if not pod.finished),
        webhooks=tuple(chain(*kept["validating webhooks"], *kept["mutating webhooks"])),
        releases=helm_releases.latest(kept["releases"]),
        external_ca=kept["external ca"],
        external_signer=kept["external signer"],
        unreadable=tuple(kind for kind, entries in items.items() if entries is None),
        address_pools=pools,
        gateway_api=None if forbidden else api_objects,
        missing_rights=missing.create,
        missing_changes=missing.change,
    )
