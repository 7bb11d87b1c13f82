"""The names by which this project, its releases and its objects are known."""

PROJECT = "pi-mesh"
"""The Pulumi project, and so the prefix of every key in a stack file."""

OWNER_ANNOTATION = f"{PROJECT}/stack"
"""On namespaces that a stack made: tells people which stack. What proves it is the namespace's UID in the state."""

ADOPTED_ANNOTATION = f"{PROJECT}/adopted-by"
"""On namespaces of others that a stack uses by `adopt: true`, and leaves at destroy."""


def owner(stack: str) -> str:
    """Return the value of both annotations for a stack, by its plain or its full name."""
    return f"{PROJECT}/{stack.rpartition('/')[2]}"


INJECTION_LABEL, REVISION_LABEL = "istio-injection", "istio.io/rev"
"""On namespaces: `enabled` for the first control plane, or else the revision or tag of the one that injects."""

TAG_WEBHOOK = "istio-revision-tag-"
"""Prefix of the webhook configuration of a revision tag, as `istioctl tag` and the charts call it."""

EXTERNAL_CA_LABEL = f"{PROJECT}/certificate-authority"
"""On the secret `cacerts` that a stack of this project made, and as an annotation on the istiod that reads it."""

SHORT_LIVED_LABEL = f"{PROJECT}/short-lived"
"""On what an operation runs in the cluster for seconds; nothing that carries it lives longer than two minutes."""


VERSION_ANNOTATION = f"{PROJECT}/istio-version"
"""On the pods of gateways whose chart has no version in the pod template: a new version makes them anew."""

BASE, ISTIOD, INGRESS, EGRESS = "istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway"
"""The Helm releases; the charts name Deployments and Services after them."""

ALL = (BASE, ISTIOD, INGRESS, EGRESS)
