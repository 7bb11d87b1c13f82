"""Namespaces, CRDs, webhooks, Deployments and Services, reduced to the fields that checks need, and their managers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pi_mesh.cluster.pods import Container, Pod, containers
from pi_mesh.names import GATEWAY_API, INJECTION_LABEL, OWNER_ANNOTATION, REVISION_LABEL, Namespaced
from pi_mesh.selectors import matches
from pi_mesh.settings.traffic.names import full_name

ISTIO_GROUPS = ("networking.istio.io", "security.istio.io", "telemetry.istio.io", "extensions.istio.io")


@dataclass(frozen=True)
class Namespace:
    name: str
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    uid: str = ""

    @property
    def revision(self) -> str:
        """Return the revision or tag whose istiod injects the namespace's pods; empty for the first istiod or none."""
        return "" if INJECTION_LABEL in self.labels else self.labels.get(REVISION_LABEL, "")

    @property
    def is_injected(self) -> bool:
        """Return True if pods get sidecars unless they opt out."""
        return self.labels.get(INJECTION_LABEL) == "enabled" or bool(self.revision)


@dataclass(frozen=True)
class Crd:
    name: str
    """Name of the CRD, as PLURAL.GROUP."""
    release: str = ""
    """Helm release that owns the CRD, as NAMESPACE/NAME; empty if no release does."""
    version: str = ""
    """Istio version of the CRD; empty before 1.24, whose charts are the first to label it. Release of the Gateway API,
    such as "v1.6.3", of its CRDs."""
    stack: str = ""
    """Stack that installed the CRD, from its annotation."""

    @property
    def minor(self) -> int:
        """Return the minor number of that version; 0 if it is not known."""
        part = self.version.split(".")[1:2]
        return int(part[0]) if part and part[0].isdecimal() else 0

    @property
    def of_istio(self) -> bool:
        """Return True for a kind that the base chart installs."""
        return self.name.partition(".")[2] in ISTIO_GROUPS


@dataclass(frozen=True)
class Webhook:
    kind: str
    """Validating or Mutating."""
    configuration: str
    """Name of the webhook configuration."""
    name: str
    service: str = ""
    """Service that the webhook calls, as NAMESPACE/NAME."""
    ca_bundle: str = ""
    """CA certificates as base64 of PEM."""
    release: str = ""
    stack: str = ""
    """Stack that created the configuration, from its annotation."""


@dataclass(frozen=True)
class Deployment(Namespaced):
    namespace: str
    name: str
    labels: dict[str, str] = field(default_factory=dict)
    release: str = ""
    wanted: int = 1
    ready: int = 1
    containers: tuple[Container, ...] = ()


@dataclass(frozen=True)
class Service(Namespaced):
    namespace: str
    name: str
    type: str = "ClusterIP"
    addresses: tuple[str, ...] = ()
    """Addresses that a load balancer gave the Service."""
    ports: tuple[int, ...] = ()
    selector: dict[str, str] = field(default_factory=dict)
    """Labels of the pods behind the Service."""
    node_ports: tuple[int, ...] = ()
    load_balancer_class: str = ""
    is_udp: bool = False
    """True if all ports are UDP, which no proxy sees."""
    cluster_addresses: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Return the full name by which it is called."""
        return full_name(self.name, self.namespace)

    def pods_behind(self, pods: Iterable[Pod]) -> list[Pod]:
        """Return the pods behind the Service; a Service without a selector has none."""
        behind = (pod for pod in pods if self.selector and pod.namespace == self.namespace)
        return [pod for pod in behind if matches(self.selector, pod.labels)]


def home(item: dict) -> str:
    """Return the namespace of an object."""
    return item["metadata"]["namespace"]


def release_of(metadata: dict) -> str:
    """Return the Helm release that owns an object, as NAMESPACE/NAME; empty if none does."""
    notes = metadata.get("annotations") or {}
    managed = (metadata.get("labels") or {}).get("app.kubernetes.io/managed-by") == "Helm"
    name, namespace = notes.get("meta.helm.sh/release-name"), notes.get("meta.helm.sh/release-namespace")
    return f"{namespace}/{name}" if managed and name and namespace else ""


def namespace(item: dict) -> Namespace:
    """Return a core/v1 Namespace without its status."""
    meta = item["metadata"]
    return Namespace(meta["name"], meta.get("labels") or {}, meta.get("annotations") or {}, meta.get("uid", ""))


def crd(item: dict) -> Crd:
    """Return an apiextensions.k8s.io/v1 CustomResourceDefinition by its metadata alone, without its schemas."""
    labels, notes = (item["metadata"].get(key) or {} for key in ("labels", "annotations"))
    version = notes.get(f"{GATEWAY_API}/bundle-version") or labels.get("app.kubernetes.io/version", "")
    return Crd(item["metadata"]["name"], release_of(item["metadata"]), version, notes.get(OWNER_ANNOTATION, ""))


def webhooks(kind: str, item: dict) -> list[Webhook]:
    """Return the webhooks of an admissionregistration.k8s.io/v1 configuration, without their rules and selectors."""
    meta = item["metadata"]
    return [
        Webhook(
            kind,
            meta["name"],
            hook["name"],
            "{namespace}/{name}".format(**service) if (service := hook["clientConfig"].get("service")) else "",
            hook["clientConfig"].get("caBundle", ""),
            release_of(meta),
            (meta.get("annotations") or {}).get(OWNER_ANNOTATION, ""),
        )
        for hook in item.get("webhooks") or []
    ]


def deployment(item: dict) -> Deployment:
    """Return an apps/v1 Deployment, of its pod template the containers alone."""
    meta, spec = item["metadata"], item["spec"]
    wanted, ready = spec.get("replicas", 1), item.get("status", {}).get("readyReplicas", 0)
    labels, of_pod = meta.get("labels") or {}, containers(spec["template"]["spec"])
    return Deployment(meta["namespace"], meta["name"], labels, release_of(meta), wanted, ready, of_pod)


def service(item: dict) -> Service:
    """Return a core/v1 Service, of its ports the numbers alone."""
    meta, spec = item["metadata"], item["spec"]
    ingress = item.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    addresses = tuple(entry.get("ip") or entry.get("hostname", "") for entry in ingress)
    ports = tuple(port["port"] for port in spec.get("ports") or [])
    node_ports = tuple(port["nodePort"] for port in spec.get("ports") or [] if port.get("nodePort"))
    kind, selector = spec.get("type", ""), spec.get("selector") or {}
    chosen = spec.get("loadBalancerClass") or ""
    is_udp = {port.get("protocol") for port in spec.get("ports") or []} == {"UDP"}
    own = tuple(address for address in spec.get("clusterIPs") or () if address != "None")
    return Service(meta["namespace"], meta["name"], kind, addresses, ports, selector, node_ports, chosen, is_udp, own)


PULUMI = "a Pulumi stack"
ARGOCD_ID = "argocd.argoproj.io/tracking-id"
ARGOCD_LABEL = "argocd.argoproj.io/instance"
FLUX = {"kustomize.toolkit.fluxcd.io": "Flux Kustomization", "helm.toolkit.fluxcd.io": "Flux HelmRelease"}


def manager_of(metadata: dict[str, Any]) -> str:
    """Return the manager in words, such as "Helm release shop/web"; empty for an object that names none."""
    return next(_managers(metadata), "")


def _managers(metadata: dict[str, Any]) -> Iterator[str]:
    labels, notes = metadata.get("labels") or {}, metadata.get("annotations") or {}
    # https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
    if application := notes.get(ARGOCD_ID, "").partition(":")[0] or labels.get(ARGOCD_LABEL):
        yield f"Argo CD application {application}"
    for group, kind in FLUX.items():
        if name := labels.get(f"{group}/name"):
            yield f"{kind} {labels.get(f'{group}/namespace', '')}/{name}"
    if release := release_of(metadata):
        yield f"Helm release {release}"
    yield from (f"{owner['kind']} {owner['name']}" for owner in metadata.get("ownerReferences") or [])
    entries = [entry for entry in metadata.get("managedFields") or [] if not entry.get("subresource")]
    # The last writer of the spec comes first.
    for entry in sorted(entries, key=lambda entry: entry.get("time", ""), reverse=True):
        name = entry.get("manager", "")
        yield PULUMI if name.startswith("pulumi-kubernetes") else f"field manager {name}"
