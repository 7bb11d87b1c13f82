"""The CA's part of the program: where it comes from, what it is checked for, what istiod is given."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import TypeVar

import pulumi

from components import outputs
from components.ca import external_signer, source, without_vault
from components.ca.cacerts import Cacerts, CacertsArgs
from pi_mesh.certificates import bundle, expiry, pem, trust
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.certificates.trust import Trust
from pi_mesh.checks import root_use
from pi_mesh.checks.trust import check_change, of_cluster
from pi_mesh.cluster.authority import Authority
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings
from pi_mesh.settings.ca_stack import CaSettings
from pi_mesh.values.vault import signing_role
from pi_mesh.vault import VaultError

T = TypeVar("T")
CA = "mesh-ca"


def deploy_ca(settings: CaSettings) -> None:
    """Register a CA and nothing else."""
    _one_line(lambda: source.root(settings.vault))
    if made := source.of(settings.vault, CA):
        outputs.export_authority(made.chain, made.key)


def root(settings: Settings) -> str | None:
    """Return the PEM of the root that the mesh's certificates will chain to.

    None where only another stack, or a later answer, tells. Raises pulumi.RunError, with one line, where Vault can't be
    used, and SettingsError.
    """
    signer = _one_line(lambda: source.root(settings.vault))
    return pem.text(pem.certificates(signer, "vault")[:1]) if signer else None


def plug_in(
    mesh: Inventory, authority: Authority, root: str | None, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Register what has to be there when istiod starts; nothing where it makes its own root.

    Raises pulumi.RunError, with one line, where workloads would be cut off from each other.
    """
    return _one_line(lambda: _plug_in(mesh, authority, root, opts))


def _plug_in(
    mesh: Inventory, authority: Authority, root: str | None, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    settings, now_trusted = mesh.settings, of_cluster(authority)
    vault = settings.vault
    if root:
        _check(settings, now_trusted, trust.with_root(root, settings.also_trust), pulumi.log.warn)
    if vault.external_signer:
        return external_signer.plug_in(mesh, source.made(vault, CA, signing_role(settings)), _chain, opts)
    made = source.of(vault, CA) if vault.enabled else None
    given = None if made or not settings.ca.plugged_in else without_vault.given(settings, authority.ours)
    if given:
        made = given.source
    if made is None:
        return _own_root(settings, authority, now_trusted, opts)
    roots, announced = (*settings.also_trust, *(given.further_roots if given else ())), bool(root)
    files = pulumi.Output.all(made.chain, made.key).apply(
        lambda parts: _one_line(lambda: _files(parts[0], parts[1], roots, settings, now_trusted, announced))
    )
    if given and not given.written:
        return []
    return [Cacerts("cacerts", CacertsArgs(settings.istio.namespace, files), opts)]


def _own_root(
    settings: Settings, authority: Authority, now_trusted: Trust | None, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """A secret of ours is emptied: deleted, it would go only after istiod's restart, which would find the old CA."""
    if authority.ours or authority.external_signer_root:
        _check(settings, now_trusted, None, pulumi.log.warn)
    return [Cacerts("cacerts", CacertsArgs(settings.istio.namespace, None), opts)] if authority.ours else []


def _files(
    chain: str,
    key: str,
    also_trust: tuple[str, ...],
    settings: Settings,
    now_trusted: Trust | None,
    announced: bool,
) -> Mapping[str, str]:
    """Runs as soon as chain and key are known, and before the secret is written."""
    made = bundle.verified(chain, key, also_trust, datetime.now(UTC), "vault" if settings.vault.signs else "ca")
    _warn_of_its_end(pem.certificates(made.ca_cert, "ca")[0])
    new = trust.of_bundle(made.ca_cert, made.cert_chain, made.root_cert)
    _check(settings, now_trusted, new, pulumi.log.debug if announced else pulumi.log.warn)
    return made.files()


def _check(settings: Settings, live: Trust | None, new: Trust | None, log: Callable[[str], None]) -> None:
    holders = partial(_holders, settings.cluster.context, settings.istio.namespace)
    check_change(live, new, settings.mtls.certificate_lifetime, log, holders)


@cache
def _holders(context: str, namespace: str, root: pem.x509.Certificate) -> list[str] | None:
    """Ask the proxies once, however often a change is judged."""
    return root_use.holders_of_others(context, namespace, root)


def _chain(chain: str) -> pem.Certificates:
    """Where Vault signs: the same, before istiod relies on it."""
    several = _one_line(lambda: bundle.verified_chain(chain, datetime.now(UTC)))
    _warn_of_its_end(several[0])
    return several


def _warn_of_its_end(certificate: pem.x509.Certificate) -> None:
    judged = expiry.judge(certificate, datetime.now(UTC))
    if judged.level == "warning":
        pulumi.log.warn(f"vault: {judged.message}; run `python -m operations rotate-ca`")


def _one_line(step: Callable[[], T]) -> T:
    try:
        return step()
    except (VaultError, CertificateError) as problem:
        raise pulumi.RunError(str(problem)) from None
