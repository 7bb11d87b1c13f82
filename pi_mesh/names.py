"""Names of this project, its releases and its objects."""

from collections.abc import Mapping
from typing import Any

PROJECT = "pi-mesh"
"""Name of the Pulumi project, and so the prefix of every key in a stack file."""

OWNER_ANNOTATION = f"{PROJECT}/stack"
"""Annotation on namespaces that a stack created, with its name. It informs people; the state has the proof, a UID."""

ADOPTED_ANNOTATION = f"{PROJECT}/adopted-by"
"""Annotation on other owners' namespaces that a stack uses by `adopt: true` and leaves in place on `pulumi destroy`."""


class Namespaced:
    """An object, or a Helm release, that is in a namespace."""

    namespace: str
    name: str

    @property
    def id(self) -> str:
        """Return NAMESPACE/NAME."""
        return f"{self.namespace}/{self.name}"


def object_id(meta: Any) -> str:
    """Return NAMESPACE/NAME of an object's metadata, or NAME for a kind without namespaces."""
    return "/".join(filter(None, (meta.get("namespace"), meta["name"])))


def object_key(manifest: Mapping[str, Any]) -> str:
    """Return KIND NAMESPACE/NAME of a manifest."""
    return f"{manifest['kind']} {object_id(manifest['metadata'])}"


def owner(stack: str) -> str:
    """Return the value of both annotations for a stack, given its plain or its full name."""
    return f"{PROJECT}/{stack.rpartition('/')[2]}"


INJECTION_LABEL, REVISION_LABEL = "istio-injection", "istio.io/rev"
"""Labels on namespaces that choose the injecting istiod: `enabled` for the first, or a revision or tag."""

TAG_WEBHOOK = "istio-revision-tag-"
"""Prefix of the webhook configuration of a revision tag, as `istioctl tag` and the charts call it."""

EXTERNAL_CA_LABEL = f"{PROJECT}/certificate-authority"
"""Label on a Secret `cacerts` that a stack of this project created, and annotation on the istiod that reads it."""

GATEWAY_API, GATEWAY_LABEL = "gateway.networking.k8s.io", "gateway.networking.k8s.io/gateway-name"
"""Group of the Kubernetes Gateway API, and the label with the Gateway of a pod that istiod created for it."""

EXCLUDED_PORTS = "traffic.sidecar.istio.io/excludeInboundPorts"
"""Annotation with the ports of a pod that bypass its proxy."""

SHORT_LIVED_LABEL = f"{PROJECT}/short-lived"
"""Label on objects that an operation creates in the cluster for seconds. None of them lives longer than two minutes but
the namespace of a killed `connectivity`, which the next one removes."""

VERSION_ANNOTATION = f"{PROJECT}/istio-version"
"""Annotation on pods of gateways whose chart has no version in the pod template, so that an upgrade restarts them."""

BASE, ISTIOD, INGRESS, EGRESS = "istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"
"""Names of the Helm releases, after which the charts name Deployments and Services."""

ISTIOD_TLS, ISTIOD_METRICS, ISTIOD_WEBHOOKS = 15012, 15014, 15017
"""Ports of istiod's pods: configuration and certificates by TLS, metrics with the debug pages, and its webhooks."""

ALL = (BASE, ISTIOD, INGRESS, EGRESS)
