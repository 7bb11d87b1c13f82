"""A resource whose deletion cleans up after the mesh: a plain `pulumi destroy`, which runs no program, then does it.

It exists only where `destroy.*` asks for it; everything else depends on it, so that it goes last.
"""

from dataclasses import asdict, dataclass

import pulumi
from pulumi import dynamic

from pi_mesh import uninstall
from pi_mesh.cluster import identity
from pi_mesh.inventory import Inventory, Kind


@dataclass(frozen=True)
class UninstallArgs:
    """Which cluster and mesh, and what of them goes besides the stack's own resources."""

    context: str
    namespace: str
    """istiod's."""
    release: str
    """Name of the release that owns the CRDs."""
    releases: tuple[str, ...]
    """All releases of the stack, as NAMESPACE/NAME: while Helm knows one of them, nothing is cleaned up."""
    crds: bool
    root_certificates: bool
    cluster: str
    """UID of the cluster that is cleaned up; no other is."""

    @classmethod
    def of(cls, mesh: Inventory, cluster_uid: str) -> "UninstallArgs":
        """Return what the settings ask for."""
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
    """The resource's life: nothing happens until it is deleted."""

    serialize_as_secret_always = False

    def create(self, props: dict) -> dynamic.CreateResult:
        return dynamic.CreateResult(f"{props['context']}/{props['namespace']}", props)

    def diff(self, _id: str, olds: dict, news: dict) -> dynamic.DiffResult:
        # `__provider` counts too: it names this module, and a destroy loads the code that it finds in the state.
        return dynamic.DiffResult(changes=olds != news)

    def update(self, _id: str, _olds: dict, news: dict) -> dynamic.UpdateResult:
        return dynamic.UpdateResult(news)

    def delete(self, _id: str, props: dict) -> None:
        owner = f"{props['namespace']}/{props['release']}"
        with uninstall.UninstallClient(props["context"]) as client:
            # A state of the version before has no UID, and an older one no list of releases.
            if recorded := props.get("cluster"):
                source = f"this stack was last applied to {recorded}"
                identity.compare(props["context"], recorded, identity.read(client), source)
            if uninstall.installed(client, props.get("releases") or [owner]):
                return  # the setting was switched off: the mesh stays, and so does what it stands on
            if props["root_certificates"]:
                uninstall.root_certificates(client)
            if props["crds"]:
                uninstall.crds(client, owner)


class Uninstall(dynamic.Resource):
    """A marker in the state; its deletion runs the clean-up."""

    def __init__(self, name: str, args: UninstallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(UninstallProvider(), name, {**asdict(args), "releases": list(args.releases)}, opts)
