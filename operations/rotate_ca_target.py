"""The CA that a mesh changes to together with its root, and the stack file's settings for it."""

from datetime import UTC, datetime

from operations import pulumi, rotate_ca_target_vault
from operations.failures import UsageError
from operations.rotate_ca_wish import Target, Wish, read_text, same
from pi_mesh.certificates import bundle, pem, signing_files
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.cluster import signing_secret
from pi_mesh.settings import Settings
from pi_mesh.settings.raw import KEY_OF_THE_CA
from pi_mesh.vault import VaultError


def of(stack: str, settings: Settings, wish: Wish) -> Target:
    """Return the CA that the options name. Raises UsageError, and as `pi_mesh.cluster.client.Client` does."""
    try:
        return _of(stack, settings, wish)
    except (CertificateError, VaultError) as problem:
        raise UsageError(stack, "the new CA can't be used", str(problem)) from None


def _of(stack: str, settings: Settings, wish: Wish) -> Target:
    if wish.named != 1:
        raise UsageError(stack, "--root needs to know the new CA", "give one of --root-mount, --chain and --secret")
    if wish.key and not wish.chain:
        raise UsageError(stack, "--key goes with --chain", "give both, or another option alone")
    if wish.root_mount:
        return rotate_ca_target_vault.at_mount(stack, settings, wish.root_mount)
    if wish.chain:
        signed_for_vault = settings.vault.enabled and settings.vault.signed_by == "outside"
        named = rotate_ca_target_vault.signed_outside if signed_for_vault else _given
        return named(stack, settings, wish)
    return _in_secret(stack, settings, str(wish.secret))


def _given(stack: str, settings: Settings, wish: Wish) -> Target:
    """Return the CA of two files; its key is written encrypted into the stack file."""
    if wish.key is None:
        raise UsageError(stack, "--chain needs --key", "name the file with the new CA's private key")
    _require_without_vault(stack, settings)
    key = read_text(stack, wish.key)
    made = bundle.verified(read_text(stack, wish.chain), key, (), datetime.now(UTC), "--chain")
    chain = pem.certificates(made.cert_chain or made.ca_cert, "--chain")
    root = pem.certificates(made.root_cert, "--chain")[0]
    chain = chain if root in chain else (*chain, root)

    def write() -> None:
        # The key first: where only that is written, the next run writes both again.
        pulumi.set_secret(stack, KEY_OF_THE_CA, key)
        pulumi.set_all(stack, {"ca.source": "pem", "ca.chain": pem.text(chain)})

    reached = settings.ca.source == "pem" and same(settings.ca.chain or "", chain)
    return Target(root, reached, write, stack)


def _in_secret(stack: str, settings: Settings, name: str) -> Target:
    _require_without_vault(stack, settings)
    where = f"Secret {settings.istio.namespace}/{name}"
    files = signing_secret.read(settings.cluster.context, settings.istio.namespace, name)
    if files is None:
        raise UsageError(stack, f"{where} is not there", "make it, or correct the name")
    found = signing_files.of(files, where)
    made = bundle.verified(found.chain, found.key, (), datetime.now(UTC), where)

    def write() -> None:
        pulumi.set_all(stack, {"ca.source": "secret", "ca.secret": name})

    reached = settings.ca.source == "secret" and settings.ca.secret == name
    return Target(pem.certificates(made.root_cert, where)[0], reached, write, stack)


def _require_without_vault(stack: str, settings: Settings) -> None:
    if settings.vault.enabled:
        fix = "make a root in another mount of Vault and give --root-mount"
        raise UsageError(stack, "vault.enabled is true: Vault's CA can only be followed by another of Vault", fix)
