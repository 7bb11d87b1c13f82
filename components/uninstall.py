"""A resource whose deletion sweeps: the only way to have a plain `pulumi destroy`, which runs no program, do it.

It exists only where the settings ask for it; everything else depends on it, so that it goes last.
"""

from dataclasses import asdict, dataclass

import pulumi
from pulumi import dynamic

from pi_mesh import uninstall


@dataclass(frozen=True)
class LeftoversArgs:
    """Which cluster, whose leftovers, and which of them."""

    context: str
    namespace: str
    release: str
    """The release that owns the CRDs."""
    crds: bool
    root_certificates: bool


class _Sweeping(dynamic.ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict) -> dynamic.CreateResult:
        return dynamic.CreateResult(f"{props['context']}/{props['namespace']}", props)

    def diff(self, _id: str, olds: dict, news: dict) -> dynamic.DiffResult:
        # `__provider` counts too: it names this module, and a destroy loads the code that it finds in the state.
        return dynamic.DiffResult(changes=olds != news)

    def update(self, _id: str, _olds: dict, news: dict) -> dynamic.UpdateResult:
        return dynamic.UpdateResult(news)

    def delete(self, _id: str, props: dict) -> None:
        with uninstall.Sweeper(props["context"]) as client:
            if uninstall.mesh_is_installed(client, props["namespace"], props["release"]):
                return  # the setting was switched off: the mesh stays, and so does what it stands on
            if props["root_certificates"]:
                uninstall.root_certificates(client)
            if props["crds"]:
                uninstall.crds(client, f"{props['namespace']}/{props['release']}")


class Leftovers(dynamic.Resource):
    """Nothing as long as it is there."""

    def __init__(self, name: str, args: LeftoversArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(_Sweeping(), name, asdict(args), opts)
