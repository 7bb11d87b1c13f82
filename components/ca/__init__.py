"""Certificate authority: the entry points of the program, which load Vault's code only when Vault is configured."""

from dataclasses import replace

import pulumi

from pi_mesh.cluster.ca_state import Answer
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings


def ask(settings: Settings, recorded: StackState) -> Answer:
    """Return what Vault says of the CA, asked before anything is begun; nothing where this stack makes none.

    Raises pulumi.RunError with one line, and SettingsError.
    """
    if not settings.vault.here:
        return Answer()
    from components.ca import program

    return program.ask(settings, recorded)


def plug_in(
    mesh: Inventory, snapshot: Snapshot | None, answer: Answer, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Register what has to be there when istiod starts; nothing where it makes its own root.

    `snapshot` is None where the cluster could not be read. Raises pulumi.RunError with one line.
    """
    settings = mesh.settings
    left_over = snapshot is not None and settings.istio.namespace in snapshot.external_ca + snapshot.external_signer
    if not (settings.vault.enabled or settings.ca.plugged_in or settings.ca.issuer or left_over):
        return []
    from components.ca import program
    from pi_mesh.cluster.authority import Authority, read
    from pi_mesh.cluster.proxy_lifetimes import longest

    if snapshot is None:
        return program.plug_in(mesh, Authority(), answer, opts)
    live = read(settings.cluster.context, settings.istio.namespace)
    return program.plug_in(mesh, replace(live, longest_lifetime=longest(snapshot)), answer, opts)


def empty_exported_key(settings: Settings, snapshot: Snapshot | None, opts: pulumi.ResourceOptions) -> None:
    """Take the key out of the secret that istiod signed with, once an istiod runs that has Vault sign (`opts`)."""
    if not settings.vault.external_signer or snapshot is None or settings.istio.namespace not in snapshot.external_ca:
        return
    from components.ca.cacerts import Cacerts, CacertsArgs

    Cacerts("cacerts", CacertsArgs(settings.istio.namespace, None), opts)
