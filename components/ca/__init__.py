"""Certificate authority: the entry points of the program, which load Vault's code only when Vault is configured."""

import pulumi

from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings


def root(settings: Settings) -> str | None:
    """Return the PEM of the root that Vault will sign under, asked for before anything is begun.

    None where istiod makes its own root, or where another stack tells later. Raises pulumi.RunError with one line, and
    SettingsError.
    """
    if not settings.vault.here:
        return None
    from components.ca import program

    return program.root(settings)


def plug_in(
    mesh: Inventory, snapshot: Snapshot | None, root: str | None, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Register what has to be there when istiod starts; nothing where it makes its own root.

    `snapshot` is None where the cluster could not be read. Raises pulumi.RunError with one line.
    """
    settings = mesh.settings
    left_over = snapshot is not None and settings.istio.namespace in snapshot.external_ca + snapshot.external_signer
    if not settings.vault.enabled and not settings.ca.plugged_in and not left_over:
        return []
    from components.ca import program
    from pi_mesh.cluster.authority import Authority, read

    live = read(settings.cluster.context, settings.istio.namespace) if snapshot else Authority()
    return program.plug_in(mesh, live, root, opts)


def empty_exported_key(settings: Settings, snapshot: Snapshot | None, opts: pulumi.ResourceOptions) -> None:
    """Take the key out of the secret that istiod signed with, once an istiod runs that has Vault sign (`opts`)."""
    if not settings.vault.external_signer or snapshot is None or settings.istio.namespace not in snapshot.external_ca:
        return
    from components.ca.cacerts import Cacerts, CacertsArgs

    Cacerts("cacerts", CacertsArgs(settings.istio.namespace, None), opts)
