"""The CA in Vault that a mesh changes to, signed at another mount or by an external root."""

import os
from datetime import UTC, datetime

from operations import pulumi, stacks
from operations.failures import UsageError
from operations.rotate_ca_options import RootOptions, Target, read_text, same
from pi_mesh.certificates import bundle, pem, signers
from pi_mesh.names import PROJECT
from pi_mesh.settings import Settings
from pi_mesh.vault import read_signers

MOUNT = "vault:index/mount:Mount"
"""Type of the resource that holds the CA in Vault."""


def at_mount(stack: str, settings: Settings, mount: str) -> Target:
    owner = settings.vault.stack or stack
    vault = stacks.load_any(owner).vault if settings.vault.stack else settings.vault
    if not vault.address:
        raise UsageError(stack, "--root-mount goes with Vault", "set vault.address, and leave vault.enabled: false")
    if vault.signed_by == "outside":
        raise UsageError(owner, "vault.signedBy is 'outside'", "give --chain with what the new root signed")
    token = os.environ.get("VAULT_TOKEN") or pulumi.secret(owner, f"{PROJECT}:vaultToken")
    asked = vault.model_copy(update={"enabled": True, "root_mount": mount})
    *_, root = signers.up_to_root(str(read_signers(asked, token)), f"vault.rootMount {mount}")
    on, counted = settings.vault.enabled, vault.generation + settings.vault.enabled

    def write() -> None:
        signer = {"vault.rootMount": mount, "vault.generation": str(counted)}
        switch = {} if on else {"vault.enabled": "true", "ca.source": "istiod"}
        if owner != stack:
            pulumi.set_all(owner, signer)
        if values := {**(signer if owner == stack else {}), **switch}:
            pulumi.set_all(stack, values)

    return Target(root, on and vault.root_mount == mount, write, owner)


def require_given_up(stack: str, settings: Settings, root: pem.x509.Certificate) -> None:
    """Refuse to begin a change to a CA without Vault while Vault's mount is protected: its deletion destroys a key.

    Once begun, when the new root is trusted already, the owner has agreed: each `up` protects the mount again.
    """
    begun = any(root in pem.certificates(text, "ca.alsoTrust") for text in settings.ca.also_trust)
    for urn in () if begun else _protected(stack, settings):
        why = f"Vault's mount {settings.vault.mount} is deleted with its CA, and is protected"
        fix = f"say so first: `pulumi state unprotect '{urn}' -s {stack} --yes`, then run it again"
        raise UsageError(stack, why, fix)


def give_up(stack: str, settings: Settings) -> dict[str, str]:
    """Let the next `up` delete Vault's mount, and return what the stack file has to say for it."""
    for urn in _protected(stack, settings):
        pulumi.unprotect(stack, urn)
    return {"vault.enabled": "false"} if settings.vault.enabled else {}


def _protected(stack: str, settings: Settings) -> list[str]:
    """Return the URN of the mount that this stack made, if it is protected."""
    resources = pulumi.export(stack)["deployment"].get("resources") or [] if settings.vault.here else []
    return [resource["urn"] for resource in resources if resource["type"] == MOUNT and resource.get("protect")]


def signed_outside(stack: str, settings: Settings, options: RootOptions) -> Target:
    """Return the CA whose key is in Vault and which an external root has signed."""
    text = read_text(stack, options.chain)
    chain = bundle.verified_chain(text, datetime.now(UTC), "--chain")
    vault = settings.vault

    def write() -> None:
        values = {"vault.signed.generation": str(vault.generation), "vault.signed.chain": pem.text(chain)}
        pulumi.set_all(stack, values)

    reached = vault.signed is not None and same(vault.signed.chain, chain)
    *_, root = chain
    return Target(root, reached, write, stack)
