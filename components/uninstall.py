"""A resource whose deletion cleans up after the mesh, since `pulumi destroy` does not run the program.

The resource exists only if a `destroy.*` setting asks for it. All other resources depend on it, so it is deleted last.
"""

from pulumi import ResourceOptions, dynamic

from pi_mesh import uninstall
from pi_mesh.cluster import identity
from pi_mesh.cluster.client import Client
from pi_mesh.inventory import Inventory, Kind


def inputs(mesh: Inventory, cluster_uid: str) -> dict[str, object]:
    """Return the clean-up that the settings ask for, as the state keeps it."""
    settings = mesh.settings
    return {
        "context": settings.cluster.context,
        "namespace": settings.istio.namespace,
        # The release that owns the CRDs.
        "release": mesh.the(Kind.BASE).name,
        # Nothing is cleaned up while Helm knows one of the stack's releases.
        "releases": [release.id for release in mesh.releases],
        "crds": settings.destroy.crds,
        "root_certificates": settings.destroy.root_certificates,
        # Any other cluster is refused.
        "cluster": cluster_uid,
    }


class UninstallProvider(dynamic.ResourceProvider):
    """The dynamic provider of the clean-up resource, which acts only when the resource is deleted."""

    serialize_as_secret_always = False

    def create(self, props: dict) -> dynamic.CreateResult:
        return dynamic.CreateResult(f"{props['context']}/{props['namespace']}", props)

    def diff(self, _id: str, olds: dict, news: dict) -> dynamic.DiffResult:
        # `__provider` counts as a change: it names this module, and `pulumi destroy` runs the code that the state
        # names.
        return dynamic.DiffResult(changes=olds != news)

    def update(self, _id: str, _olds: dict, news: dict) -> dynamic.UpdateResult:
        return dynamic.UpdateResult(news)

    def delete(self, _id: str, props: dict) -> None:
        owner = f"{props['namespace']}/{props['release']}"
        with Client(props["context"]) as client:
            # A state written by the previous version has no UID, and an older one has no list of releases.
            if recorded := props.get("cluster"):
                source = f"this stack was last applied to {recorded}"
                identity.compare(props["context"], recorded, identity.read(client), source)
            if uninstall.installed(client, props.get("releases") or [owner]):
                return  # the user only turned the setting off: the mesh and its CRDs stay
            if props["root_certificates"]:
                uninstall.root_certificates(client)
            if props["crds"]:
                uninstall.crds(client, owner)


class Uninstall(dynamic.Resource):
    """A marker resource in the state; its deletion runs the clean-up."""

    def __init__(self, name: str, mesh: Inventory, cluster_uid: str, opts: ResourceOptions | None = None) -> None:
        super().__init__(UninstallProvider(), name, inputs(mesh, cluster_uid), opts)
