"""The CA's part of the program."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import pulumi

from certificates import bundle, expiry, pem, trust
from certificates.pem import CertificateError
from certificates.trust import Trust
from cluster.authority import Authority
from components.cacerts import Cacerts, CacertsArgs
from settings import Settings
from settings.vault import CaSettings
from vault import live, source
from vault.server import VaultError

T = TypeVar("T")
CA = "mesh-ca"


def deploy_ca(settings: CaSettings) -> None:
    """A stack that makes the CA and nothing else."""
    _one_line(lambda: source.root(settings.vault))
    if made := source.of(settings.vault, CA):
        pulumi.export(source.OUTPUT, pulumi.Output.secret({"chain": made.chain, "key": made.key}))


def plug_in(
    settings: Settings, authority: Authority, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> Cacerts | None:
    """The secret that istiod has to find when it starts; None where it makes its own root.

    Raises pulumi.RunError, with one line, where Vault can't be used or workloads would be cut off from each other.
    """
    return _one_line(lambda: _plug_in(settings, authority, namespace, opts))


def _plug_in(
    settings: Settings, authority: Authority, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> Cacerts | None:
    vault, now_trusted = settings.vault, live.of_cluster(authority)
    root = source.root(vault) if vault.enabled else None
    if root:
        expected = trust.with_root(root, vault.also_trust)
        live.judge(now_trusted, expected, settings.mtls.certificate_lifetime, pulumi.log.warn)
    made = source.of(vault, CA) if vault.enabled else None
    if made is None:
        return _own_root(settings, authority, now_trusted, namespace, opts)
    files = pulumi.Output.all(made.chain, made.key).apply(
        lambda parts: _one_line(lambda: _files(parts[0], parts[1], settings, now_trusted, announced=bool(root)))
    )
    return Cacerts("cacerts", CacertsArgs(namespace, files), opts)


def _own_root(
    settings: Settings,
    authority: Authority,
    now_trusted: Trust | None,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> Cacerts | None:
    """A secret of ours is emptied: deleted, it would go only after istiod's restart, which would find the old CA."""
    if not authority.ours:
        return None
    live.judge(now_trusted, None, settings.mtls.certificate_lifetime, pulumi.log.warn)
    return Cacerts("cacerts", CacertsArgs(namespace, None), opts)


def _files(chain: str, key: str, settings: Settings, now_trusted: Trust | None, announced: bool) -> Mapping[str, str]:
    """Runs as soon as chain and key are known, and before the secret is written."""
    made = bundle.verified(chain, key, settings.vault.also_trust, datetime.now(UTC))
    judged = expiry.judge(pem.certificates(made.ca_cert, "vault")[0], datetime.now(UTC))
    if judged.level == "warning":
        pulumi.log.warn(f"vault: {judged.message}; run `python -m operations rotate-ca`")
    new = trust.of_bundle(made.ca_cert, made.cert_chain, made.root_cert)
    log = pulumi.log.debug if announced else pulumi.log.warn
    live.judge(now_trusted, new, settings.mtls.certificate_lifetime, log)
    return made.files()


def _one_line(step: Callable[[], T]) -> T:
    try:
        return step()
    except (VaultError, CertificateError) as problem:
        raise pulumi.RunError(str(problem)) from None
