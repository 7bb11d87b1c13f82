"""The CA that a mesh changes to together with its root, and the stack file's settings for it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from operations import pulumi, stacks
from operations.failures import UsageError
from operations.repair import observed_state
from pi_mesh.catalog.cert_manager import CERTIFICATE
from pi_mesh.certificates import bundle, chains, pem
from pi_mesh.certificates.pem import CertificateError, Certificates
from pi_mesh.cluster import mesh_ca
from pi_mesh.names import PROJECT
from pi_mesh.settings import Settings
from pi_mesh.settings.pulumi_config import CA_KEY
from pi_mesh.vault import VaultError, read_signers


@dataclass(frozen=True)
class RootOptions:
    """The options of `rotate-ca --root` that name the new CA."""

    root_mount: str | None = None
    chain: Path | None = None
    key: Path | None = None
    secret: str | None = None
    issuer: bool = False

    @property
    def named(self) -> int:
        """Return the number of CAs that the options name."""
        return sum(option is not None for option in (self.root_mount, self.chain, self.secret, self.issuer or None))


@dataclass(frozen=True)
class Target:
    """The new CA."""

    root: pem.x509.Certificate
    reached: bool
    """True where the stack file names the CA as the one that signs."""
    write: Callable[[], None] = field(repr=False)
    """Writes the CA into the stack file, or into the file of the CA's own stack."""
    owner: str
    """The stack whose file names the CA: an `up` of that stack comes first."""


def is_same_chain(text: str, chain: Certificates) -> bool:
    return "BEGIN CERTIFICATE" in text and set(pem.certificates(text, "chain")) == set(chain)


def read_text(stack: str, path: Path | None) -> str:
    try:
        return Path(str(path)).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(stack, f"{path} can't be read: {problem}", "name a file in PEM form") from None


def ca_at_mount(stack: str, settings: Settings, mount: str) -> Target:
    owner = settings.vault.stack or stack
    vault = stacks.load_any(owner).vault if settings.vault.stack else settings.vault
    if not vault.address:
        raise UsageError(stack, "--root-mount goes with Vault", "set vault.address, and leave vault.enabled: false")
    if vault.signed_by == "outside":
        raise UsageError(owner, "vault.signedBy is 'outside'", "give --chain with what the new root signed")
    token = os.environ.get("VAULT_TOKEN") or pulumi.secret(owner, f"{PROJECT}:vaultToken")
    asked = vault.model_copy(update={"enabled": True, "root_mount": mount})
    *_, root = chains.up_to_root(str(read_signers(asked, token)), f"vault.rootMount {mount}")
    on, counted = settings.vault.enabled, vault.generation + settings.vault.enabled

    def write() -> None:
        signer = {"vault.rootMount": mount, "vault.generation": str(counted)}
        switch = {} if on else {"vault.enabled": "true", "ca.source": "istiod"}
        if owner != stack:
            pulumi.set_all(owner, signer)
        if values := {**(signer if owner == stack else {}), **switch}:
            pulumi.set_all(stack, values)

    return Target(root, on and vault.root_mount == mount, write, owner)


def require_vault_given_up(stack: str, settings: Settings, root: pem.x509.Certificate) -> None:
    """Refuse to begin a change to a CA without Vault while Vault's mount is protected: its deletion destroys a key.

    Once begun, when the new root is trusted already, the owner has agreed: each `up` protects the mount again.
    """
    begun = any(root in pem.certificates(text, "ca.alsoTrust") for text in settings.ca.also_trust)
    for urn in () if begun else _protected_mounts(stack, settings):
        why = f"Vault's mount {settings.vault.mount} is deleted with its CA, and is protected"
        fix = f"say so first: `pulumi state unprotect '{urn}' -s {stack} --yes`, then run it again"
        raise UsageError(stack, why, fix)


def give_up_vault(stack: str, settings: Settings) -> dict[str, str]:
    """Let the next `up` delete Vault's mount, and return what the stack file has to say for it."""
    for urn in _protected_mounts(stack, settings):
        pulumi.unprotect(stack, urn)
    return {"vault.enabled": "false"} if settings.vault.enabled else {}


def _protected_mounts(stack: str, settings: Settings) -> list[str]:
    """Return the URN of the mount that this stack made, if it is protected."""
    resources = observed_state.resources(pulumi.export(stack)) if settings.vault.here else []
    return [entry["urn"] for entry in resources if entry["type"] == observed_state.MOUNT and entry.get("protect")]


def ca_signed_outside(stack: str, settings: Settings, options: RootOptions) -> Target:
    """Return the CA whose key is in Vault and which an external root has signed."""
    chain = bundle.verified_chain(read_text(stack, options.chain), datetime.now(UTC), "--chain")
    vault, (*_, root) = settings.vault, chain
    values = {"vault.signed.generation": str(vault.generation), "vault.signed.chain": pem.text(chain)}
    reached = vault.signed is not None and is_same_chain(vault.signed.chain, chain)
    return Target(root, reached, partial(pulumi.set_all, stack, values), stack)


OPTIONS = "give one of --root-mount, --chain, --secret and --issuer"


def named_ca(stack: str, settings: Settings, options: RootOptions) -> Target:
    """Return the CA that the options name. Raises UsageError, and as `pi_mesh.cluster.client.Client` does."""
    if options.named != 1:
        raise UsageError(stack, "--root needs to know the new CA", OPTIONS)
    if options.key and not options.chain:
        raise UsageError(stack, "--key goes with --chain", "give both, or another option alone")
    try:
        if options.root_mount:
            return ca_at_mount(stack, settings, options.root_mount)
        if options.chain:
            signed_for_vault = settings.vault.enabled and settings.vault.signed_by == "outside" and options.key is None
            named = ca_signed_outside if signed_for_vault else _ca_of_files
            return named(stack, settings, options)
        if options.issuer:
            return _ca_by_issuer(stack, settings)
        return _ca_in_secret(stack, settings, str(options.secret))
    except (CertificateError, VaultError) as problem:
        raise UsageError(stack, "the new CA can't be used", str(problem)) from None


def _ca_of_files(stack: str, settings: Settings, options: RootOptions) -> Target:
    """Return the CA of two files; its key is written encrypted into the stack file."""
    if options.key is None:
        raise UsageError(stack, "--chain needs --key", "name the file with the new CA's private key")
    key = read_text(stack, options.key)
    made = bundle.verified_bundle(read_text(stack, options.chain), key, (), datetime.now(UTC), "--chain")
    chain = pem.certificates(made.cert_chain or made.ca_cert, "--chain")
    root, *_ = pem.certificates(made.root_cert, "--chain")
    chain = chain if root in chain else (*chain, root)
    require_vault_given_up(stack, settings, root)

    def write() -> None:
        # The key first: where only that is written, the next run writes both again.
        pulumi.set_secret(stack, CA_KEY, key)
        pulumi.set_all(stack, {"ca.source": "pem", "ca.chain": pem.text(chain), **give_up_vault(stack, settings)})

    reached = settings.ca.source == "pem" and is_same_chain(settings.ca.chain or "", chain)
    return Target(root, reached, write, stack)


def _ca_in_secret(stack: str, settings: Settings, name: str) -> Target:
    reached = settings.ca.source == "secret" and settings.ca.secret == name
    named = {"ca.source": "secret", "ca.secret": name}
    return _ca_of_cluster(stack, settings, name, named, reached, "make it, or correct the name")


def _ca_by_issuer(stack: str, settings: Settings) -> Target:
    """Return the CA that cert-manager holds ready: the `up` that brought `ca.issuer` has had it signed."""
    if settings.ca.issuer is None:
        fix = "name cert-manager's Issuer in ca.issuer, run `pulumi up`, then this command again"
        raise UsageError(stack, "--issuer goes with ca.issuer, which is not set", fix)
    fix = "`pulumi up` has the Issuer of ca.issuer sign it; then run this command again"
    # Not reached even where the settings say so: until its root is trusted, `up` goes on with the CA before it.
    return _ca_of_cluster(stack, settings, CERTIFICATE, {"ca.source": "issuer"}, reached=False, if_missing=fix)


def _ca_of_cluster(
    stack: str, settings: Settings, name: str, named: dict[str, str], reached: bool, if_missing: str
) -> Target:
    """Return the CA of a Secret, which the settings `named` make the mesh's."""
    where = f"Secret {settings.istio.namespace}/{name}"
    files = mesh_ca.read_signing_secret(settings.cluster.context, settings.istio.namespace, name)
    if files is None:
        raise UsageError(stack, f"{where} does not exist", if_missing)
    signing = bundle.signing_files(files, where)
    made = bundle.verified_bundle(signing.chain, signing.key, (), datetime.now(UTC), where, bounded=False)
    root, *_ = pem.certificates(made.root_cert, where)
    require_vault_given_up(stack, settings, root)

    def write() -> None:
        pulumi.set_all(stack, {**named, **give_up_vault(stack, settings)})

    return Target(root, reached, write, stack)
