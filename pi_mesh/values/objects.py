"""Kubernetes objects of the mesh and the namespaces of workloads, as plain dicts."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pi_mesh import names
from pi_mesh.facts import duration
from pi_mesh.names import ADOPTED_ANNOTATION, INJECTION_LABEL, OWNER_ANNOTATION, REVISION_LABEL, owner
from pi_mesh.quantities import Resources
from pi_mesh.settings import Settings
from pi_mesh.settings.istio import DEFAULT_REVISION
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.names import NamespacedItem, full_name

Object = dict[str, object]

NO_INJECTION = {INJECTION_LABEL: "disabled"}
MESH_WIDE = "default"
"""Name of the mesh-wide PeerAuthentication."""


def kubernetes_object(
    api: str, kind: str, namespace: str, name: str, marks: Mapping[str, object] | None = None, **content: object
) -> Object:
    """Return an object in a namespace; `api` is its apiVersion, `marks` has its labels and annotations."""
    metadata = {"name": name, "namespace": namespace, **(marks or {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **content}


KINDS = {
    "networking.istio.io/v1alpha3": ("EnvoyFilter",),
    "networking.istio.io/v1beta1": ("Gateway", "VirtualService", "DestinationRule", "ServiceEntry", "Sidecar"),
    "security.istio.io/v1beta1": ("AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"),
    "telemetry.istio.io/v1alpha1": ("Telemetry",),
}
"""Istio's kinds by their API version, which every Istio from 1.20 to the newest serves."""
VERSIONS = {kind: version for version, kinds in KINDS.items() for kind in kinds}


def istio_object(namespace: str, kind: str, name: str, spec: Object) -> Object:
    return kubernetes_object(VERSIONS[kind], kind, namespace, name, spec=spec)


def peer_authentication(settings: Settings) -> Object:
    """Return the PeerAuthentication with the mesh-wide mode: in the root namespace, without a selector."""
    spec: Object = {"mtls": {"mode": settings.mtls.mode}}
    return istio_object(settings.istio.namespace, "PeerAuthentication", MESH_WIDE, spec)


def namespace_object(name: str, stack: str, labels: Mapping[str, str], adopted: bool = False) -> Object:
    """Return a namespace with the mark of the stack that created or adopted it."""
    mark = ADOPTED_ANNOTATION if adopted else OWNER_ANNOTATION
    metadata = {"name": name, "labels": labels, "annotations": {mark: owner(stack)}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def workload_namespace(namespace: WorkloadNamespace, stack: str) -> Object:
    """Return a namespace of workloads with its istiod's injection label: Istio obeys one, `istio-injection` first."""
    own = namespace.own
    labels = {REVISION_LABEL: own.revision} if own.revision else {INJECTION_LABEL: "enabled"}
    return namespace_object(namespace.name, stack, labels if own.injection else NO_INJECTION, own.adopt)


def bounds(settings: Settings, namespace: WorkloadNamespace) -> tuple[Object, ...]:
    """Return the objects that keep the workloads from overloading the Pis; no Sidecar for the whole mesh."""
    limits = (limit_range(namespace),) if namespace.own.bounds.limit_range else ()
    quota = (resource_quota(settings, namespace),) if namespace.own.bounds.quota else ()
    scope = (sidecar_scope(settings, namespace),) if namespace.own.is_scoped else ()
    return *limits, *quota, *scope


def limit_range(namespace: WorkloadNamespace) -> Object:
    """Return the LimitRange with the resources of containers that specify none, which the quota would refuse."""
    workload = namespace.own.workload
    limits, requests = workload.limits.resources.to_kubernetes(), workload.requests.resources.to_kubernetes()
    most = given(max=bound.resources.to_kubernetes()) if (bound := namespace.own.bounds.max) else {}
    spec = {"limits": [{"type": "Container", "default": limits, "defaultRequest": requests, **most}]}
    return kubernetes_object("v1", "LimitRange", namespace.name, "workload-defaults", spec=spec)


def resource_quota(settings: Settings, namespace: WorkloadNamespace) -> Object:
    """Return the ResourceQuota for the pods that the settings admit, each of the default size with its sidecar."""
    workloads = namespace.own.workloads
    requests, limits = (amount * workloads for amount in pod_resources(settings, namespace))
    hard = {"pods": str(workloads), **_prefixed("requests", requests), **_prefixed("limits", limits)}
    return kubernetes_object("v1", "ResourceQuota", namespace.name, "workloads", spec={"hard": hard})


def pod_resources(settings: Settings, namespace: WorkloadNamespace) -> tuple[Resources, Resources]:
    """Return the requests and limits of a workload of the default size, with its sidecar where it gets one."""
    workload, sidecar = namespace.own.workload, settings.proxy.resources
    requests, limits = workload.requests.resources, workload.limits.resources
    if not namespace.own.injection:
        return requests, limits
    return requests + sidecar.requests.resources, limits + sidecar.limits.resources


def sidecar_scope(settings: Settings, namespace: WorkloadNamespace) -> Object:
    """Return the Sidecar with the hosts that the namespace's proxies learn of; each further host costs them memory."""
    home, asked = settings.trading.namespace, settings.traffic.authorization.authorizers.values()
    # Without the gateways' Services no request could leave through the egress gateway, nor an authorizer be asked.
    authorizers = (f"*/{full_name(authorizer.service, home)}" for authorizer in asked)
    hosts = [*namespace.own.sidecar_scope, f"{settings.istio.namespace}/*", *authorizers]
    return istio_object(namespace.name, "Sidecar", "default", {"egress": [{"hosts": hosts}]})


def _prefixed(kind: str, resources: Resources) -> dict[str, str]:
    return {f"{kind}.{name}": quantity for name, quantity in resources.to_kubernetes().items()}


PULL_SECRET_TYPE, PULL_SECRET_KEY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"


def pull_secret_value(registry: str, username: str, password: str) -> str:
    """Return the Secret's value, in base64; `registry` as `ImageSettings.registry` names it."""
    both = base64.b64encode(f"{username}:{password}".encode()).decode()
    entry = {"username": username, "password": password, "auth": both}
    return base64.b64encode(json.dumps({"auths": {registry: entry}}).encode()).decode()


# Revision tags: webhook configurations that call the istiod of a tag's revision.
# They are the program's own objects, not the chart's `revisionTags`: moving a tag then changes one object, where Helm
# would refuse to let one release take over an object of another. The content is that of the chart's
# templates/revision-tags-mwc.yaml; istiod writes the CA bundle into configurations whose label names its revision
# (pilot/pkg/webhooks/webhookpatch.go).

INJECT_LABEL = "sidecar.istio.io/inject"


def tag_webhooks(settings: Settings, stack: str) -> Iterator[Object]:
    unrevised: Object = {"key": REVISION_LABEL, "operator": "DoesNotExist"}
    unlabelled: Object = {"key": INJECTION_LABEL, "operator": "DoesNotExist"}
    allowed = {"key": INJECT_LABEL, "operator": "NotIn", "values": ["false"]}
    for tag, revision in settings.istio.tags.items():
        tagged = {"key": REVISION_LABEL, "operator": "In", "values": [tag]}
        service = {
            "name": names.ISTIOD if revision == DEFAULT_REVISION else f"{names.ISTIOD}-{revision}",
            "namespace": settings.istio.namespace,
            "path": "/inject",
            "port": 443,
        }
        yield {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {
                "name": f"{names.TAG_WEBHOOK}{tag}",
                "labels": {"app": "sidecar-injector", "istio.io/tag": tag, REVISION_LABEL: revision},
                "annotations": {OWNER_ANNOTATION: owner(stack)},
            },
            "webhooks": [
                _tag_webhook("rev.namespace", service, namespaces=[tagged, unlabelled], pods=[allowed]),
                _tag_webhook("rev.object", service, namespaces=[unrevised, unlabelled], pods=[allowed, tagged]),
            ],
        }


def _tag_webhook(prefix: str, service: Object, namespaces: Sequence[Object], pods: Sequence[Object]) -> Object:
    return {
        "name": f"{prefix}.sidecar-injector.istio.io",
        "clientConfig": {"service": service},
        "sideEffects": "None",
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchExpressions": namespaces},
        "objectSelector": {"matchExpressions": pods},
    }


Item = TypeVar("Item", bound=NamespacedItem)


def item_object(settings: Settings, item: NamespacedItem, kind: str, name: str, spec: Object) -> Object:
    """Return the Istio object of a traffic setting, in the setting's namespace."""
    return istio_object(settings.namespace_of(item), kind, name, spec)


def own(settings: Settings, namespace: WorkloadNamespace, items: Mapping[str, Item]) -> dict[str, Item]:
    """Return the traffic settings of a namespace, by their names."""
    return {name: item for name, item in items.items() if settings.namespace_of(item) == namespace.name}


def given(**fields: object) -> Object:
    """Return the fields that have a value; a trailing underscore is for names that are Python keywords."""
    return {name.rstrip("_"): value for name, value in fields.items() if value not in (None, {}, [], ())}


def in_seconds(text: str) -> str:
    """Return a duration such as "10m" in the only unit that protobuf's JSON has."""
    return f"{duration(text).total_seconds():.9g}s"


def object_name(item: dict[str, Any]) -> tuple[str, str]:
    """Return the namespace and the name."""
    return item["metadata"]["namespace"], item["metadata"]["name"]
