"""Source of the mesh's CA: made by this stack, or taken from the outputs of another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pulumi

from components import config, outputs
from pi_mesh.certificates import pem, signers
from pi_mesh.checks import lost_ca
from pi_mesh.cluster.ca_state import Answer, VaultResource, WantedCa
from pi_mesh.vault import VaultError, VaultNotAsked, read_signers

if TYPE_CHECKING:
    from components.ca.intermediate import VaultCa


@dataclass(frozen=True)
class Source:
    """A chain (PEM, the CA first, the root last) and the key of its first certificate."""

    chain: pulumi.Output[str]
    key: pulumi.Output[str]


def ask(wanted: WantedCa, state: Mapping[str, VaultResource]) -> Answer:
    """Ask Vault whether the CA can be made, and for its root. `state` is what the stack made in Vault so far.

    Where Vault can't be asked, and the settings change nothing of the CA, all of it stays. To be called before any
    resource is registered: raises VaultError and CertificateError where the CA can't be made.
    """
    vault = wanted.settings
    if not vault.here:
        return Answer()
    try:
        text = read_signers(vault, config.vault_token())
    except VaultNotAsked as problem:
        if changes := wanted.changes(state):
            use = f"it is needed for {', '.join(changes)}" if state else "the CA is yet to be made"
            raise VaultError(f"{problem}; {use}; nothing was touched") from None
        pulumi.log.warn(f"vault: CA unchanged: Vault could not be asked ({problem})")
        return Answer(_root_of(wanted.chain(state)), state)
    _look_for_ca(wanted, state)
    if text is None:
        return Answer(_root_of(wanted.chain(state)))
    chain = signers.up_to_root(text, vault.root_mount)
    if wanted.signs(state):
        life, where = timedelta(hours=vault.ttl_hours), f"vault.rootMount {vault.root_mount}"
        signers.require_room(chain, life, datetime.now(UTC), where)
    return Answer(pem.text(chain[-1:]))


def _look_for_ca(wanted: WantedCa, state: Mapping[str, VaultResource]) -> None:
    """Say what helps where Vault has lost the CA; refuse what would need it."""
    certificates = [str(one.outputs["certificate"]) for one in state.values() if one.outputs.get("certificate")]
    lost = lost_ca.find(certificates, wanted.settings) if state else None
    if lost is None:
        return
    cure = f"python -m operations repair -s {pulumi.get_stack()} --yes"
    message = (
        f"vault.mount {lost.mount}: {lost.found}, where this stack made its CA: the mount was removed, or Vault was "
        f"wiped or restored. To make the CA anew under the same root: `{cure}`, then `pulumi up`"
    )
    if changes := wanted.changes(state):
        raise VaultError(f"{message}. Needed for {', '.join(changes)}; nothing was touched")
    pulumi.log.warn(message)


def _root_of(chain: str) -> str | None:
    return pem.text(pem.certificates(chain, "vault: chain")[-1:]) if chain else None


def of(wanted: WantedCa, kept: Mapping[str, VaultResource] | None = None) -> Source | None:
    """Return the CA, made here or taken from another stack. None while a CA outside of Vault has yet to sign it."""
    if wanted.settings.stack:
        return _elsewhere(wanted.settings.stack)
    ca = made(wanted, kept)
    return Source(ca.chain, ca.key) if ca.chain and ca.key else None


def made(wanted: WantedCa, kept: Mapping[str, VaultResource] | None = None) -> "VaultCa":
    """Return the CA, made here; `kept` as in `Answer`."""
    # Imported here, so that nobody needs the package or its plugin without a CA of its own.
    from components.ca.intermediate import VaultCa, VaultCaArgs

    ca = VaultCa(wanted.name, VaultCaArgs(wanted, config.secret_vault_token(), kept))
    if wanted.settings.signed_by == "outside":
        outputs.export_request(ca.request)
    return ca


def _elsewhere(stack: str) -> Source:
    """The CA that another stack made."""
    made = pulumi.StackReference(stack).require_output(outputs.AUTHORITY)
    return Source(made.apply(lambda output: output["chain"]), made.apply(lambda output: output["key"]))
