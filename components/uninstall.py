"""A resource whose deletion cleans up after the mesh, since `pulumi destroy` does not run the program.

The resource exists only if a `destroy.*` setting asks for it. All other resources depend on it, so it is deleted last.
"""

from dataclasses import asdict, dataclass

import pulumi
from pulumi import dynamic

from pi_mesh import uninstall
from pi_mesh.cluster import identity
from pi_mesh.cluster.client import Client
from pi_mesh.inventory import Inventory, Kind


@dataclass(frozen=True)
class UninstallArgs:
    """The cluster and mesh to clean up, and what to delete besides the stack's own resources."""

    context: str
    namespace: str
    """Namespace of istiod."""
    release: str
    """Name of the release that owns the CRDs."""
    releases: tuple[str, ...]
    """All releases of the stack, as NAMESPACE/NAME; nothing is cleaned up while Helm knows one of them."""
    crds: bool
    root_certificates: bool
    cluster: str
    """UID of the cluster to clean up; any other cluster is refused."""

    @classmethod
    def asked_for(cls, mesh: Inventory, cluster_uid: str) -> "UninstallArgs":
        """Return the clean-up that the settings ask for."""
        settings = mesh.settings
        return cls(
            settings.cluster.context,
            settings.istio.namespace,
            mesh.the(Kind.BASE).name,
            tuple(release.id for release in mesh.releases),
            settings.destroy.crds,
            settings.destroy.root_certificates,
            cluster_uid,
        )


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

    def __init__(self, name: str, args: UninstallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(UninstallProvider(), name, {**asdict(args), "releases": list(args.releases)}, opts)
