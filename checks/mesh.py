"""How this stack's own mesh is recognised in a snapshot."""

from cluster.objects import Namespace
from cluster.pods import Pod
from cluster.snapshot import Snapshot
from facts import releases
from settings import Settings

COMPONENTS = (releases.ISTIOD, releases.INGRESS, releases.EGRESS)


def installed(settings: Settings, snapshot: Snapshot) -> bool:
    """Whether a control plane of ours is there, in whatever state."""
    return any(ours(settings, entry.release) and entry.name == releases.ISTIOD for entry in snapshot.deployments)


def ours(settings: Settings, release: str) -> bool:
    """Whether NAMESPACE/NAME is one of the stack's Helm releases."""
    return release in {f"{settings.istio.namespace}/{name}" for name in releases.ALL}


def is_component(settings: Settings, pod: Pod) -> bool:
    """Whether the pod is one of the stack's istiods or gateways."""
    return pod.namespace == settings.istio.namespace and pod.labels.get("app") in COMPONENTS


def owned(namespace: Namespace) -> bool:
    """Whether a stack of this program made the namespace."""
    return releases.OWNER_ANNOTATION in namespace.annotations
