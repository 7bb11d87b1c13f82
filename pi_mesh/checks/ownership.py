"""How this stack's own mesh is recognised in a snapshot."""

from pi_mesh import names
from pi_mesh.catalog import cert_manager
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.names import OWNER_ANNOTATION, owner
from pi_mesh.settings import Settings
from pi_mesh.settings.resources import ResourceProfile

COMPONENTS = (names.ISTIOD, names.INGRESS, names.EGRESS)


def installed(settings: Settings, snapshot: Snapshot) -> bool:
    """Whether a control plane of ours is there, in whatever state."""
    return any(ours(settings, entry.release) and entry.name == names.ISTIOD for entry in snapshot.deployments)


def expected_deployments(settings: Settings) -> list[str]:
    """istiod and the gateways that are switched on."""
    return list(component_profiles(settings))


def expected_releases(settings: Settings) -> list[str]:
    """In the order of their installation."""
    return [names.BASE, *expected_deployments(settings)]


def component_profiles(settings: Settings) -> dict[str, ResourceProfile]:
    """The resources of each Deployment, which is named as its release."""
    gateways = ((names.INGRESS, settings.ingress), (names.EGRESS, settings.egress))
    on = {name: gateway.resources for name, gateway in gateways if gateway.enabled}
    return {names.ISTIOD: settings.istio.resources, **on}


def ours(settings: Settings, release: str) -> bool:
    """Whether NAMESPACE/NAME is one of the stack's Helm releases."""
    return release in {f"{settings.istio.namespace}/{name}" for name in names.ALL}


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
