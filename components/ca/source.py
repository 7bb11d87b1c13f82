"""The source of the mesh's CA: this stack, or the outputs of another stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pulumi

from components import config
from pi_mesh.certificates import chains, pem
from pi_mesh.checks import root_trust
from pi_mesh.cluster.ca_state import Answer, VaultResource, WantedCa
from pi_mesh.settings.pulumi_config import VAULT_TOKEN
from pi_mesh.vault import VaultError, VaultNotAsked, read_signers

if TYPE_CHECKING:
    from components.ca.intermediate import VaultCa

Kept = Mapping[str, VaultResource] | None
AUTHORITY = "certificateAuthority"
"""Name of a CA stack's secret output, which holds the certificate chain and its key."""


@dataclass(frozen=True)
class Source:
    """A certificate chain (PEM, from the CA to the root) and the key of its first certificate."""

    chain: pulumi.Output[str]
    key: pulumi.Output[str]
    further_roots: tuple[str, ...] = ()
    """Further roots that the CA's owner wants trusted."""
    written: bool = True
    """False if istiod reads the owner's own Secret, which this stack does not write."""

    def export(self) -> None:
        pulumi.export(AUTHORITY, pulumi.Output.secret({"chain": self.chain, "key": self.key}))


def ask(ca: WantedCa, state: Mapping[str, VaultResource]) -> Answer:
    """Ask Vault if the CA can be made, and for its root. `state` holds the Vault resources of this stack.

    If Vault cannot be asked and the settings change nothing of the CA, all of it stays. Call this before any resource
    is registered: it raises VaultError and CertificateError if the CA cannot be made.
    """
    vault = ca.settings
    try:
        text = read_signers(vault, config.vault_token())
    except VaultNotAsked as problem:
        if changes := ca.changes(state):
            use = f"it is needed for {', '.join(changes)}" if state else "the CA does not exist yet"
            raise VaultError(f"{problem}; {use}; nothing was touched") from None
        pulumi.log.warn(f"vault: CA unchanged: Vault could not be asked ({problem})")
        return Answer(_root_of(ca.chain(state)), state)
    _look_for_ca(ca, state)
    if text is None:
        return Answer(_root_of(ca.chain(state)))
    chain = chains.up_to_root(text, vault.root_mount)
    if ca.signs(state):
        life, where = timedelta(hours=vault.ttl_hours), f"vault.rootMount {vault.root_mount}"
        chains.require_room(chain, life, datetime.now(UTC), where)
    return Answer(pem.text(chain[-1:]))


def _look_for_ca(ca: WantedCa, state: Mapping[str, VaultResource]) -> None:
    """Warn if Vault has lost the CA, naming the repair; refuse a change that needs the lost CA."""
    outputs_of_ca = (resource.outputs.get("certificate") for resource in state.values())
    certificates = [str(certificate) for certificate in outputs_of_ca if certificate]
    lost = root_trust.lost_ca(certificates, ca.settings) if state else None
    if lost is None:
        return
    cure = f"python -m operations repair -s {pulumi.get_stack()} --yes"
    message = (
        f"vault.mount {lost.mount}: {lost.found}, where this stack made its CA: the mount was removed, or Vault was "
        f"wiped or restored. To make a new CA under the same root: `{cure}`, then `pulumi up`"
    )
    if changes := ca.changes(state):
        raise VaultError(f"{message}. Needed for {', '.join(changes)}; nothing was touched")
    pulumi.log.warn(message)


def _root_of(chain: str) -> str | None:
    return pem.text(pem.certificates(chain, "vault: chain")[-1:]) if chain else None


def ca_source(ca: WantedCa, kept: Kept = None, opts: pulumi.ResourceOptions | None = None) -> Source | None:
    """Return the CA, made by this stack or taken from another; None until a CA outside Vault has signed."""
    if ca.settings.stack:
        authority = pulumi.StackReference(ca.settings.stack).require_output(AUTHORITY)
        return Source(authority.apply(lambda output: output["chain"]), authority.apply(lambda output: output["key"]))
    registered = vault_ca(ca, kept, opts)
    return Source(registered.chain, registered.key) if registered.chain and registered.key else None


def vault_ca(ca: WantedCa, kept: Kept = None, opts: pulumi.ResourceOptions | None = None) -> "VaultCa":
    """Return the CA that this stack makes; `kept` as in `Answer`."""
    # Imported here, so that only a stack with its own CA needs the package and its plugin.
    from components.ca.intermediate import VaultCa, VaultCaArgs

    registered = VaultCa(ca.name, VaultCaArgs(ca, config.secret(VAULT_TOKEN), kept), opts)
    if ca.settings.signed_by == "outside":
        pulumi.export("certificateRequest", registered.request)
    return registered
