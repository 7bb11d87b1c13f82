"""`rotate-ca`: a new key and certificate for the mesh's CA, under the same root, with no restart."""

from typing import Annotated

import typer

from operations import stacks
from operations.command_line import Json, Stack, conclude, one_clear_line
from operations.report import show
from operations.rotate_ca_proof import proven
from operations.rotate_ca_stack import next_generation, up
from pi_mesh.checks.finding import Finding
from pi_mesh.settings import CaSettings, SettingsError
from pi_mesh.settings.vault import VaultSettings

Wait = Annotated[int, typer.Option(help="Seconds to wait until istiod signs with the new CA.", min=1)]


def rotate_ca(stack: Stack, as_json: Json = False, wait: Wait = 300) -> None:
    """Give the mesh's CA in Vault a new key and certificate under the same root, without a restart, and prove it.

    Counts vault.generation up, runs `pulumi up`, and compares certificates that istiod signed before and after. Where
    the CA has a stack of its own, that one comes first; named itself, it is the only one.
    """
    with one_clear_line():
        settings = stacks.load_any(stack)
        _require_rotatable(settings.vault, stack)
        if isinstance(settings, CaSettings):
            findings = _renewed(stack, settings.vault)
        else:
            findings = proven(settings, lambda: _renewed(stack, settings.vault), wait)
    show(f"Rotation of the CA of {stack}", findings, as_json)
    conclude(findings)


def _renewed(stack: str, vault: VaultSettings) -> list[Finding]:
    """The CA's stack, then the mesh's where that is another."""
    if vault.here:
        return [next_generation(stack, vault.generation)]
    ca_stack = str(vault.stack)
    renewed = next_generation(ca_stack, stacks.load_any(ca_stack).vault.generation)
    return [renewed, up(stack)]


def _require_rotatable(vault: VaultSettings, stack: str) -> None:
    if not vault.enabled:
        raise SettingsError(
            [f"{stack}: vault.enabled is false: istiod made its root itself, and looks after it itself"]
        )
    if vault.here and vault.signed_by == "outside":
        raise SettingsError(
            [
                f"{stack}: vault.signedBy is 'outside': count vault.generation up, run up, have the output "
                "certificateRequest signed, put the answer into vault.signed, and run up again"
            ]
        )
