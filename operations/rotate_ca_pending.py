"""Pending changes of an `up` besides the CA, which a rotation does not carry out."""

from operations import pulumi
from operations.pulumi import PulumiFailed
from pi_mesh.checks.finding import Finding, Subject, error
from pi_mesh.settings.vault import VaultSettings

ID = "pending changes"
OF_THE_CA = ("pi-mesh:vault:", "pulumi:providers:vault")
"""Types of the resources that a rotation changes: this program's Vault components and their content, the provider."""


def besides_the_ca(stack: str, vault: VaultSettings, judged: bool) -> list[Finding]:
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
    return error(ID, Subject("stack", stack), message, fix, number=len(changes))
