"""One read of the live cluster, frozen: what every check judges."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pi_mesh.cluster import load_balancer, nodes, objects, pods, release_records, rights
from pi_mesh.cluster.client import METADATA_ONLY, Client, Forbidden
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.objects import Crd, Deployment, Namespace, Service, Webhook
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.release_records import ReleaseRecord
from pi_mesh.names import EXTERNAL_CA_LABEL

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
PATHS = {
    "nodes": "/api/v1/nodes",
    "pods": "/api/v1/pods",
    "services": "/api/v1/services",
    "namespaces": "/api/v1/namespaces",
    "deployments": "/apis/apps/v1/deployments",
    "validating webhooks": f"{ADMISSION}/validatingwebhookconfigurations",
    "mutating webhooks": f"{ADMISSION}/mutatingwebhookconfigurations",
}
T = TypeVar("T")
Lists = dict[str, list[dict] | None]
"""The items by kind; None where listing is forbidden."""

SECRETS = "/api/v1/secrets"
CONFIG_MAPS = "/api/v1/configmaps"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True)
class Snapshot:
    """The cluster as it was when it was read."""

    context: str = ""
    version: str = ""
    """The API server's, such as "v1.36.3"."""
    nodes: tuple[Node, ...] = ()
    pods: tuple[Pod, ...] = ()
    """Those that hold resources: neither succeeded nor failed."""
    services: tuple[Service, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    crds: tuple[Crd, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    releases: tuple[ReleaseRecord, ...] = ()
    """The last revision of each."""
    unreadable: tuple[str, ...] = ()
    """The kinds that we may not list; nothing is known of them."""
    external_ca: tuple[str, ...] = ()
    """Namespaces whose istiod was given a CA by a stack of this project."""
    external_signer: tuple[str, ...] = ()
    """Namespaces whose istiod has its requests signed in Vault, by a stack of this project."""
    missing_rights: tuple[str, ...] = ()
    """RESOURCE.GROUP that we may not create."""

    @property
    def load_balancer(self) -> str:
        """What gives a Service of type LoadBalancer an address; empty where nothing does."""
        return load_balancer.provider(self.nodes, self.pods, self.services, self.crds)

    def namespace(self, name: str) -> Namespace | None:
        return next((entry for entry in self.namespaces if entry.name == name), None)

    def release(self, namespace: str, name: str) -> ReleaseRecord | None:
        return next((entry for entry in self.releases if (entry.namespace, entry.name) == (namespace, name)), None)


def read(context: str, *, read_only: bool = False) -> Snapshot:
    """Reads the cluster of a kube context; `read_only`: with get and list alone, and no Secret.

    Raises WrongContext unless it is the kubeconfig's current one, and ClusterUnreachable where it does not answer.
    """
    with Client(context) as client:
        version = client.get("/version")["gitVersion"]  # first and alone: no ten timeouts where nothing answers
        with ThreadPoolExecutor(max_workers=5) as pool:
            lists = {kind: pool.submit(_list, client, path) for kind, path in PATHS.items()}
            lists["crds"] = pool.submit(_list, client, CRDS, METADATA_ONLY)
            labelled = {"labelSelector": EXTERNAL_CA_LABEL}
            if not read_only:
                helms = {"labelSelector": release_records.SELECTOR}
                lists["releases"] = pool.submit(_list, client, SECRETS, METADATA_ONLY, **helms)
                lists["external ca"] = pool.submit(_list, client, SECRETS, METADATA_ONLY, **labelled)
            lists["external signer"] = pool.submit(_list, client, CONFIG_MAPS, METADATA_ONLY, **labelled)
            missing = () if read_only else rights.missing(client.ask)
            found = {kind: future.result() for kind, future in lists.items()}
    return _snapshot(context, version, found, missing)


def _list(client: Client, path: str, headers: dict | None = None, **parameters: str) -> list[dict] | None:
    """None where it is forbidden."""
    try:
        return client.items(path, headers, **parameters)
    except Forbidden:
        return None


def _each(found: Lists, kind: str, parse: Callable[[dict], T]) -> tuple[T, ...]:
    return tuple(parse(item) for item in found.get(kind) or [])


def _namespaces(items: list[dict] | None) -> tuple[str, ...]:
    return tuple(item["metadata"]["namespace"] for item in items or [])


def _snapshot(context: str, version: str, found: Lists, missing: tuple[str, ...]) -> Snapshot:
    hooks = [
        *(hook for item in found["validating webhooks"] or [] for hook in objects.webhooks("Validating", item)),
        *(hook for item in found["mutating webhooks"] or [] for hook in objects.webhooks("Mutating", item)),
    ]
    return Snapshot(
        context,
        version,
        nodes=_each(found, "nodes", nodes.parse),
        pods=tuple(pod for pod in _each(found, "pods", pods.parse) if not pod.finished),
        services=_each(found, "services", objects.service),
        namespaces=_each(found, "namespaces", objects.namespace),
        crds=_each(found, "crds", objects.crd),
        webhooks=tuple(hooks),
        deployments=_each(found, "deployments", objects.deployment),
        releases=release_records.latest(_each(found, "releases", release_records.parse)),
        external_ca=_namespaces(found.get("external ca")),
        external_signer=_namespaces(found["external signer"]),
        unreadable=tuple(kind for kind, items in found.items() if items is None),
        missing_rights=missing,
    )
