"""The CA that a mesh changes to together with its root, and the stack file's settings for it."""

from datetime import UTC, datetime

from operations import pulumi, rotate_ca_target_vault
from operations.failures import UsageError
from operations.rotate_ca_options import RootOptions, Target, read_text, same
from pi_mesh.catalog.cert_manager import CERTIFICATE
from pi_mesh.certificates import bundle, pem, signing_files
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.cluster import signing_secret
from pi_mesh.settings import Settings
from pi_mesh.settings.raw import KEY_OF_THE_CA
from pi_mesh.vault import VaultError

OPTIONS = "give one of --root-mount, --chain, --secret and --issuer"


def of(stack: str, settings: Settings, options: RootOptions) -> Target:
    """Return the CA that the options name. Raises UsageError, and as `pi_mesh.cluster.client.Client` does."""
    try:
        return _of(stack, settings, options)
    except (CertificateError, VaultError) as problem:
        raise UsageError(stack, "the new CA can't be used", str(problem)) from None


def _of(stack: str, settings: Settings, options: RootOptions) -> Target:
    if options.named != 1:
        raise UsageError(stack, "--root needs to know the new CA", OPTIONS)
    if options.key and not options.chain:
        raise UsageError(stack, "--key goes with --chain", "give both, or another option alone")
    if options.root_mount:
        return rotate_ca_target_vault.at_mount(stack, settings, options.root_mount)
    if options.chain:
        signed_for_vault = settings.vault.enabled and settings.vault.signed_by == "outside" and options.key is None
        named = rotate_ca_target_vault.signed_outside if signed_for_vault else _given
        return named(stack, settings, options)
    return _by_issuer(stack, settings) if options.issuer else _in_secret(stack, settings, str(options.secret))


def _given(stack: str, settings: Settings, options: RootOptions) -> Target:
    """Return the CA of two files; its key is written encrypted into the stack file."""
    if options.key is None:
        raise UsageError(stack, "--chain needs --key", "name the file with the new CA's private key")
    key = read_text(stack, options.key)
    made = bundle.verified(read_text(stack, options.chain), key, (), datetime.now(UTC), "--chain")
    chain = pem.certificates(made.cert_chain or made.ca_cert, "--chain")
    root, *_ = pem.certificates(made.root_cert, "--chain")
    chain = chain if root in chain else (*chain, root)
    rotate_ca_target_vault.require_given_up(stack, settings, root)

    def write() -> None:
        # The key first: where only that is written, the next run writes both again.
        pulumi.set_secret(stack, KEY_OF_THE_CA, key)
        named = {"ca.source": "pem", "ca.chain": pem.text(chain)}
        pulumi.set_all(stack, {**named, **rotate_ca_target_vault.give_up(stack, settings)})

    reached = settings.ca.source == "pem" and same(settings.ca.chain or "", chain)
    return Target(root, reached, write, stack)


def _in_secret(stack: str, settings: Settings, name: str) -> Target:
    reached = settings.ca.source == "secret" and settings.ca.secret == name
    named = {"ca.source": "secret", "ca.secret": name}
    return _of_cluster(stack, settings, name, named, reached, "make it, or correct the name")


def _by_issuer(stack: str, settings: Settings) -> Target:
    """Return the CA that cert-manager holds ready: the `up` that brought `ca.issuer` has had it signed."""
    if settings.ca.issuer is None:
        fix = "name cert-manager's Issuer in ca.issuer, run `pulumi up`, then this command again"
        raise UsageError(stack, "--issuer goes with ca.issuer, which is not set", fix)
    fix = "`pulumi up` has the Issuer of ca.issuer sign it; then run this command again"
    # Not reached even where the settings say so: until its root is trusted, `up` goes on with the CA before it.
    return _of_cluster(stack, settings, CERTIFICATE, {"ca.source": "issuer"}, reached=False, if_missing=fix)


def _of_cluster(
    stack: str, settings: Settings, name: str, named: dict[str, str], reached: bool, if_missing: str
) -> Target:
    """Return the CA of a Secret, which the settings `named` make the mesh's."""
    where = f"Secret {settings.istio.namespace}/{name}"
    files = signing_secret.read(settings.cluster.context, settings.istio.namespace, name)
    if files is None:
        raise UsageError(stack, f"{where} does not exist", if_missing)
    found = signing_files.of(files, where)
    made = bundle.verified(found.chain, found.key, (), datetime.now(UTC), where, bounded=False)
    root, *_ = pem.certificates(made.root_cert, where)
    rotate_ca_target_vault.require_given_up(stack, settings, root)

    def write() -> None:
        pulumi.set_all(stack, {**named, **rotate_ca_target_vault.give_up(stack, settings)})

    return Target(root, reached, write, stack)
