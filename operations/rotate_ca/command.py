"""The command `rotate-ca`: a new key and certificate for the mesh's CA, under the same root, without a restart."""

import time
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from operations import pulumi, results, stacks
from operations.command_line import Json, Stack, conclude, expected_errors
from operations.failures import Exit, OperationError, UsageError
from operations.pulumi import PulumiFailed
from operations.rotate_ca.proof import with_proof
from operations.rotate_ca.root import change_root
from operations.rotate_ca.target import RootOptions
from pi_mesh.catalog.cert_manager import CERTIFICATE
from pi_mesh.checks.finding import Finding, Subject, error, errors, ok
from pi_mesh.checks.preflight.trading_hours import refused_restart
from pi_mesh.cluster import mesh_ca
from pi_mesh.settings import CaSettings, Settings
from pi_mesh.settings.vault import VaultSettings


class InTradingHoursError(OperationError):
    """The current time is within the stack's `trading.hours`, and the operation was not confirmed for them."""

    status = Exit.PROBLEMS


def refuse_in_trading_hours(settings: Settings | CaSettings, what: str) -> None:
    """Raise InTradingHoursError within trading hours; `what` says what the operation would do, as a clause."""
    if isinstance(settings, CaSettings):
        return
    for finding in errors(refused_restart(settings, what, datetime.now(UTC))):
        raise InTradingHoursError(finding)


AUTHORITY, PAUSE = "certificate authority", 1.0


def renew_certificate(settings: Settings, wait: int) -> Finding:
    """Have the CA signed again, wait for it, and return the finding. Raises as `Client` does."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    subject = Subject("Certificate", f"{namespace}/{CERTIFICATE}")
    before, end = mesh_ca.renew_certificate(context, namespace), time.monotonic() + wait
    while time.monotonic() < end:
        if mesh_ca.certificate_revision(context, namespace) > before and mesh_ca.is_certificate_signed(
            context, namespace
        ):
            return ok(AUTHORITY, subject, "has a new key, and the Issuer has signed it")
        time.sleep(PAUSE)
    look = f"`kubectl describe certificate -n {namespace} {CERTIFICATE}`"
    return error(AUTHORITY, subject, f"was not signed within {wait} s; istiod goes on with its present CA", look)


PENDING = "pending changes"
OF_THE_CA = ("pi-mesh:vault:", "pulumi:providers:vault")
"""Types of the resources that a rotation changes: this program's Vault components and their content, the provider."""


def changes_besides_the_ca(stack: str, vault: VaultSettings, judged: bool) -> list[Finding]:
    """Return an error for each stack in which an `up` would change anything besides the CA."""
    stacks_ = (stack, vault.stack) if vault.enabled and vault.stack else (stack,)
    try:
        pending = {name: _listed(pulumi.pending(name, judged)) for name in stacks_}
    except PulumiFailed as problem:
        return [problem.finding]
    return [_refused(name, changes) for name, changes in pending.items() if changes]


def _listed(changes: dict[str, str]) -> list[str]:
    """Return changes such as "update istiod-release". URNs: urn:pulumi:STACK::PROJECT::PARENT_TYPE$TYPE::NAME."""
    return [
        f"{operation} {urn.rpartition('::')[2]}"
        for urn, operation in changes.items()
        if not urn.split("::")[2].startswith(OF_THE_CA)
    ]


def _refused(stack: str, changes: list[str]) -> Finding:
    message = f"has changes besides the CA that are not applied yet: {', '.join(changes)}; nothing was rotated"
    fix = f"apply them with `pulumi up -s {stack}`, or revert them, then run rotate-ca again"
    return error(PENDING, Subject("stack", stack), message, fix, number=len(changes))


ID = "pulumi up"
Policies = Annotated[bool, typer.Option(help="Check the changes with the policy pack in `policies`.")]
Wait = Annotated[int, typer.Option(help="Seconds to wait until istiod signs with the new CA.", min=1)]
Root = Annotated[bool, typer.Option("--root", help="Change to another root, in three steps, without an outage.")]
RootMount = Annotated[str | None, typer.Option(help="With --root: mount of the new root in Vault.")]
Chain = Annotated[
    Path | None, typer.Option(help="With --root: PEM file with the new CA's certificate chain, the root last.")
]
Key = Annotated[Path | None, typer.Option(help="With --chain: PEM file of that CA's private key.")]
Secret = Annotated[str | None, typer.Option(help="With --root: Secret in istiod's namespace with the new CA.")]
ByIssuer = Annotated[bool, typer.Option("--issuer", help="With --root: change to the CA that ca.issuer has signed.")]


def rotate_ca(
    stack: Stack,
    as_json: Json = False,
    wait: Wait = 300,
    policies: Policies = True,
    root: Root = False,
    root_mount: RootMount = None,
    chain: Chain = None,
    key: Key = None,
    secret: Secret = None,
    issuer: ByIssuer = False,
) -> None:
    """Give the mesh's CA a new key and certificate under the same root, without a restart, and prove it.

    Increases vault.generation, or has cert-manager renew the CA of ca.issuer, runs `pulumi up`, and compares
    certificates that istiod signed before and after it. If the CA has its own stack, that stack is updated first; if
    you name that stack itself, it is the only one. The command refuses to run while the settings contain any other
    change: apply that with `pulumi up`.

    With --root: trust the new root too, sign under it, and then stop trusting the old root. Before each next step, all
    proxies are asked whether they have followed. After an interruption, the same command goes on where it stopped.
    """
    judged = policies and find_spec("pulumi_policy") is not None
    options = RootOptions(root_mount, chain, key, secret, issuer)
    with expected_errors("rotate-ca", stack, as_json):
        settings = stacks.load_any(stack)
        vault = settings.vault
        refuse_in_trading_hours(settings, "rotate-ca exchanges the CA that signs every certificate")
        if root:
            if isinstance(settings, CaSettings):
                raise UsageError(stack, "it makes the CA and nothing else", "name the mesh's stack with --root")
            findings = change_root(
                stack, settings, options, partial(changes_besides_the_ca, stack, vault, judged), judged, wait
            )
            conclude(results.completed("rotate-ca", stack, findings), as_json)
        _require_rotatable(settings, stack, options)
        if findings := changes_besides_the_ca(stack, vault, judged):
            pass  # reported below
        elif isinstance(settings, CaSettings):
            findings = _renewed(stack, vault, judged)
        elif settings.ca.source == "issuer":
            findings = with_proof(settings, lambda: _renewed_by_issuer(stack, settings, judged, wait), wait)
        else:
            findings = with_proof(settings, lambda: _renewed(stack, vault, judged), wait)
    conclude(results.completed("rotate-ca", stack, findings), as_json)


def _renewed(stack: str, vault: VaultSettings, judged: bool) -> list[Finding]:
    """Renew the CA's stack, then the mesh's stack if that is another, but only after the CA's renewal succeeded."""
    if vault.here:
        return [_next_generation(stack, vault.generation, judged)]
    ca_stack = str(vault.stack)
    renewed = _next_generation(ca_stack, stacks.load_any(ca_stack).vault.generation, judged)
    return [renewed] if errors([renewed]) else [renewed, _up(stack, judged)]


def _renewed_by_issuer(stack: str, settings: Settings, judged: bool, wait: int) -> list[Finding]:
    renewed = renew_certificate(settings, wait)
    return [renewed] if errors([renewed]) else [renewed, _up(stack, judged)]


def _next_generation(stack: str, generation: int, judged: bool) -> Finding:
    """Increase `vault.generation` in the stack's file and update the stack."""
    try:
        pulumi.set_config(stack, "vault.generation", str(generation + 1))
    except PulumiFailed as problem:
        return problem.finding
    return _up(stack, judged)


def _up(stack: str, judged: bool) -> Finding:
    subject = Subject("stack", stack)
    try:
        pulumi.up(stack, judged)
    except PulumiFailed:
        message = "failed, see above; istiod goes on with its present CA"
        return error(ID, subject, message, f"then run `pulumi up -s {stack}` again")
    return ok(ID, subject, "is done")


def _require_rotatable(settings: Settings | CaSettings, stack: str, options: RootOptions) -> None:
    vault = settings.vault
    if options.named or options.key:
        raise UsageError(stack, "a new CA is named without --root", "add --root, or leave the other option out")
    source = settings.ca.source if isinstance(settings, Settings) else "istiod"
    if source == "issuer":
        return
    if source != "istiod":
        fix = "have its owner make another under the same root, put it in place and run up; --root changes the root"
        raise UsageError(stack, f"ca.source is '{source}': its CA is not made here", fix)
    if not vault.enabled:
        raise UsageError(
            stack, "vault.enabled is false", "nothing needs to be done: istiod created its own root and renews it"
        )
    if vault.here and vault.signed_by == "outside":
        fix = (
            "increase vault.generation, run `pulumi up`, have the output certificateRequest signed, "
            "put the certificate into vault.signed, and run `pulumi up` again"
        )
        raise UsageError(stack, "vault.signedBy is 'outside'", fix)
