"""The command `rotate-ca --root`: another root in three steps, each an `up`, with a question to all proxies between.

The stack file and the cluster show how far a change is, so that the same command goes on after any interruption.
"""

import sys

from operations import rotate_ca_target
from operations.failures import UsageError
from operations.repair import apply, observed_state, plan
from operations.rotate_ca_options import RootOptions, Target
from operations.rotate_ca_steps import ID, Change, Pending, also_trusted, carried_out
from operations.rotate_ca_trust import Wait
from pi_mesh.certificates import pem
from pi_mesh.certificates.trust import Trust
from pi_mesh.checks.finding import Finding, Subject, errors, ok
from pi_mesh.checks.trust import of_cluster
from pi_mesh.cluster import authority
from pi_mesh.settings import Settings


def change(
    stack: str, settings: Settings, options: RootOptions, pending: Pending, judged: bool, wait: int
) -> list[Finding]:
    """Carry out the remaining steps of the change, and return their findings.

    `pending` returns an error for changes that do not belong to the CA. Raises as `pi_mesh.cluster.client.Client` does,
    UsageError, VaultError and CertificateError.
    """
    if settings.vault.key == "internal" and settings.vault.enabled:
        fix = "set vault.key: exported, run up, change the root, and set vault.key: internal again"
        raise UsageError(stack, "vault.key is 'internal': its root can't be changed", fix)
    if obstacles := _clear(stack, settings):
        return obstacles
    begun = _planned(stack, settings, options, judged, wait)
    if begun is None:
        return [ok(ID, Subject("stack", stack), "is complete: the mesh trusts the root of its CA, and no other")]
    findings: list[Finding] = []
    for finding in carried_out(begun, pending):
        findings.append(finding)
        print(finding, file=sys.stderr)
    return findings


def _clear(stack: str, settings: Settings) -> list[Finding]:
    """Clear away the lock and the processes of a killed run, as `repair` does; return the obstacles to that."""
    now = observed_state.read(stack, settings)
    if not [*plan.processes_and_locks(now)]:
        return []
    if obstacle := plan.blocked(now):
        return [obstacle]
    return errors(apply.carry_out(now, say=lambda line: print(line, file=sys.stderr)))


def _planned(stack: str, settings: Settings, options: RootOptions, judged: bool, wait: int) -> Change | None:
    live = _live(stack, settings)
    also = also_trusted(settings)
    asks = Wait(settings.cluster.context, settings.istio.namespace, wait)
    target = rotate_ca_target.of(stack, settings, options) if options.named else None
    if target and target.root != live.signer:
        _require_old_settings(stack, live, target)
        return Change(stack, (live.signer,), target.root, target, judged, asks)
    old = tuple(one for one in {*live.roots, *also} if one != live.signer)
    if target is None and live.signer not in also and also:
        fix = "give the options of the run that began it: --root-mount, --chain or --secret"
        raise UsageError(stack, f"{pem.title(live.signer)} signs still", fix)
    if not old and target is None:
        target = rotate_ca_target.of(stack, settings, options)  # its error names the options
    return Change(stack, old, live.signer, None, judged, asks) if old else None


def _require_old_settings(stack: str, live: Trust, target: Target) -> None:
    """Refuse settings that name the new CA before any proxy trusts it: the first step needs the old CA's settings."""
    if target.reached and target.root not in live.roots:
        why = f"the stack file names the new CA already, and no workload trusts {pem.title(target.root)}"
        raise UsageError(
            stack, why, f"put the settings of the CA under {pem.title(live.signer)} back, then run the command again"
        )


def _live(stack: str, settings: Settings) -> Trust:
    if live := of_cluster(authority.read(settings.cluster.context, settings.istio.namespace)):
        return live
    raise UsageError(stack, "istiod has not run yet: there is no root to change", "run `pulumi up` with the new CA")
