"""How this stack's own mesh is recognised in a snapshot."""

from cluster.objects import Namespace
from cluster.pods import Pod
from cluster.snapshot import Snapshot
from facts import cert_manager, releases
from facts.project import OWNER_ANNOTATION, owner
from settings import Settings
from settings.resources import ResourceProfile

COMPONENTS = (releases.ISTIOD, releases.INGRESS, releases.EGRESS)


def installed(settings: Settings, snapshot: Snapshot) -> bool:
    """Whether a control plane of ours is there, in whatever state."""
    return any(ours(settings, entry.release) and entry.name == releases.ISTIOD for entry in snapshot.deployments)


def expected_deployments(settings: Settings) -> list[str]:
    """istiod and the gateways that are switched on."""
    return list(component_profiles(settings))


def expected_releases(settings: Settings) -> list[str]:
    """In the order of their installation."""
    return [releases.BASE, *expected_deployments(settings)]


def component_profiles(settings: Settings) -> dict[str, ResourceProfile]:
    """The resources of each Deployment, which is named as its release."""
    gateways = ((releases.INGRESS, settings.ingress), (releases.EGRESS, settings.egress))
    on = {name: gateway.resources for name, gateway in gateways if gateway.enabled}
    return {releases.ISTIOD: settings.istio.resources, **on}


def ours(settings: Settings, release: str) -> bool:
    """Whether NAMESPACE/NAME is one of the stack's Helm releases."""
    return release in {f"{settings.istio.namespace}/{name}" for name in releases.ALL}


def cert_manager_release(settings: Settings) -> str | None:
    """NAMESPACE/NAME of the stack's cert-manager; None where it has none."""
    wanted = settings.vault.cert_manager
    return f"{wanted.namespace}/{cert_manager.CHART}" if settings.vault.keyless and wanted.install else None


def made(settings: Settings, release: str) -> bool:
    """Whether the stack made the Helm release NAMESPACE/NAME: the mesh's, or that of what serves it."""
    return ours(settings, release) or release == cert_manager_release(settings)


def is_component(settings: Settings, pod: Pod) -> bool:
    """Whether the pod is one of the stack's istiods or gateways."""
    return pod.namespace == settings.istio.namespace and pod.labels.get("app") in COMPONENTS


def owned(stack: str, namespace: Namespace) -> bool:
    """Whether this very stack made the namespace."""
    return namespace.annotations.get(OWNER_ANNOTATION) == owner(stack)
