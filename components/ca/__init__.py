"""Certificate authority: the program's entry points, which import Vault's code only if Vault is configured."""

from dataclasses import replace

import pulumi

from pi_mesh.cluster.ca_state import Answer
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings


def ask(settings: Settings, recorded: StackState) -> Answer:
    """Return Vault's answer, empty for a stack that makes no CA. Raises pulumi.RunError, and SettingsError."""
    if not settings.vault.here:
        return Answer()
    from components.ca import program

    return program.ask(settings, recorded)


def plug_in(
    mesh: Inventory, snapshot: Snapshot | None, answer: Answer, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Register what istiod needs to start, if anything; `snapshot` is None if unreadable. Raises pulumi.RunError."""
    settings = mesh.settings
    left_over = snapshot is not None and settings.istio.namespace in snapshot.external_ca + snapshot.external_signer
    if not (settings.vault.enabled or settings.ca.plugged_in or settings.ca.issuer or left_over):
        return []
    from components.ca import program
    from pi_mesh.cluster.mesh_ca import Authority, longest_lifetime, read_authority

    if snapshot is None:
        return program.plug_in(mesh, Authority(), answer, opts)
    live = read_authority(settings.cluster.context, settings.istio.namespace)
    return program.plug_in(mesh, replace(live, longest_lifetime=longest_lifetime(snapshot)), answer, opts)


def empty_exported_key(settings: Settings, snapshot: Snapshot | None, opts: pulumi.ResourceOptions) -> None:
    """Empty the Secret `cacerts` once the istiod in `opts` runs with the external signer."""
    if not settings.vault.external_signer or snapshot is None or settings.istio.namespace not in snapshot.external_ca:
        return
    from components.ca.plugged_in_ca import Cacerts, CacertsArgs

    Cacerts("cacerts", CacertsArgs(settings.istio.namespace, None), opts)
