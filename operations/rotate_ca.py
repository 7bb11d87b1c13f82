"""`rotate-ca`: a new key and certificate for the mesh's CA, under the same root, with no restart."""

from typing import Annotated

import typer

from operations import pulumi, report, stacks
from operations.command_line import Json, Stack, conclude, expected_errors
from operations.failures import UsageError
from operations.pulumi import PulumiFailed
from operations.rotate_ca_proof import proven
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.settings import CaSettings
from pi_mesh.settings.vault import VaultSettings

ID = "pulumi up"
Wait = Annotated[int, typer.Option(help="Seconds to wait until istiod signs with the new CA.", min=1)]


def rotate_ca(stack: Stack, as_json: Json = False, wait: Wait = 300) -> None:
    """Give the mesh's CA in Vault a new key and certificate under the same root, without a restart, and prove it.

    Counts vault.generation up, runs `pulumi up`, and compares certificates that istiod signed before and after. Where
    the CA has a stack of its own, that one comes first; named itself, it is the only one.
    """
    with expected_errors("rotate-ca", stack, as_json):
        settings = stacks.load_any(stack)
        _require_rotatable(settings.vault, stack)
        if isinstance(settings, CaSettings):
            findings = _renewed(stack, settings.vault)
        else:
            findings = proven(settings, lambda: _renewed(stack, settings.vault), wait)
    conclude(report.of("rotate-ca", stack, findings), as_json)


def _renewed(stack: str, vault: VaultSettings) -> list[Finding]:
    """Renew the CA's stack, then the mesh's where that is another."""
    if vault.here:
        return [_next_generation(stack, vault.generation)]
    ca_stack = str(vault.stack)
    renewed = _next_generation(ca_stack, stacks.load_any(ca_stack).vault.generation)
    return [renewed, _up(stack)]


def _next_generation(stack: str, generation: int) -> Finding:
    """Count `vault.generation` up in the stack's file and bring the stack to it."""
    try:
        pulumi.set_config(stack, "vault.generation", str(generation + 1))
    except PulumiFailed as problem:
        return problem.finding
    return _up(stack)


def _up(stack: str) -> Finding:
    subject = Subject("stack", stack)
    try:
        pulumi.up(stack)
    except PulumiFailed:
        message = "failed, see above; istiod goes on with the CA that it has"
        return error(ID, subject, message, f"then run `pulumi up -s {stack}` again")
    return ok(ID, subject, "is done")


def _require_rotatable(vault: VaultSettings, stack: str) -> None:
    if not vault.enabled:
        raise UsageError(
            stack, "vault.enabled is false", "nothing is to be done: istiod made its root itself, and looks after it"
        )
    if vault.here and vault.signed_by == "outside":
        fix = (
            "count vault.generation up, run up, have the output certificateRequest signed, "
            "put the answer into vault.signed, and run up again"
        )
        raise UsageError(stack, "vault.signedBy is 'outside'", fix)
