"""Where the mesh's own pods may run."""

from pi_mesh.settings import Settings


def node_selector(settings: Settings) -> dict[str, object]:
    """Nodes of the stack's architecture: an image of another one dies with an exec format error."""
    return {"kubernetes.io/arch": settings.cluster.architecture}
