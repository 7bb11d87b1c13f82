"""The CA's part of the program: its source, its checks, and the Secret that istiod reads."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial

import pulumi

from components import engine
from components.ca import external_signer, plugged_in_ca, source
from components.ca.plugged_in_ca import Cacerts, CacertsArgs
from pi_mesh.certificates import bundle, chains, pem, trust
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.certificates.trust import Trust
from pi_mesh.checks import root_trust
from pi_mesh.checks.finding import Level
from pi_mesh.checks.preflight import overridden_settings, trading_hours
from pi_mesh.checks.root_trust import check_change, mesh_trust
from pi_mesh.cluster.ca_state import CA, Answer, WantedCa
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings
from pi_mesh.settings.tree import CaSettings
from pi_mesh.values.vault import signing_role
from pi_mesh.vault import VaultError


@contextmanager
def _one_line() -> Iterator[None]:
    """Report a problem of the CA as one line, without a traceback."""
    try:
        yield
    except (VaultError, CertificateError) as problem:
        raise pulumi.RunError(str(problem)) from None


@_one_line()
def deploy_ca(settings: CaSettings) -> None:
    """Register the resources of a stack that makes a CA alone."""
    for finding in overridden_settings.check_vault_transport(settings.vault):
        pulumi.log.warn(str(finding))
    ca = WantedCa(CA, settings.vault)
    if signing := source.ca_source(ca, source.ask(ca, engine.recorded_state().vault).kept):
        signing.export()


@_one_line()
def ask(settings: Settings, recorded: StackState) -> Answer:
    """Ask Vault before any resource is registered. Raises pulumi.RunError without an answer, and SettingsError."""
    return source.ask(_described_ca(settings), recorded.vault)


@_one_line()
def plug_in(
    mesh: Inventory, authority: Authority, answer: Answer, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Register what istiod needs to start, if anything. Raises pulumi.RunError if workloads would be cut off."""
    settings, now_trusted, root = mesh.settings, mesh_trust(authority), answer.root
    vault, ca = settings.vault, _described_ca(settings)
    placed = pulumi.ResourceOptions(parent=opts.parent, aliases=opts.aliases)
    by_issuer = plugged_in_ca.register_issued_ca(mesh, opts)
    if root:
        _check(settings, now_trusted, trust.with_root(root, settings.also_trust), pulumi.log.warn)
    if vault.external_signer:
        return external_signer.plug_in(mesh, source.vault_ca(ca, answer.kept, placed), _chain, opts)
    signing = source.ca_source(ca, answer.kept, placed) if vault.enabled else None
    if signing is None and settings.ca.plugged_in:
        signing = plugged_in_ca.given_ca(settings, authority.ours, by_issuer)
    if signing is None:
        return _own_root(settings, authority, now_trusted, opts)
    roots, announced = (*settings.also_trust, *signing.further_roots), bool(root)
    files = pulumi.Output.all(signing.chain, signing.key).apply(
        lambda parts: _outside_trading_hours(
            _files(parts[0], parts[1], roots, settings, now_trusted, announced),
            settings,
            authority if signing.written else Authority(),
        )
    )
    return [Cacerts("cacerts", CacertsArgs(settings.istio.namespace, files), opts)] if signing.written else []


def _described_ca(settings: Settings) -> WantedCa:
    return WantedCa(CA, settings.vault, signing_role(settings) if settings.vault.external_signer else None)


def _own_root(
    settings: Settings, authority: Authority, now_trusted: Trust | None, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Return the emptied Secret `cacerts` if this stack made one, else nothing.

    The Secret is not deleted: the deletion would come after istiod's restart, and istiod would start with the old CA.
    """
    if authority.ours or authority.external_signer_root:
        _check(settings, now_trusted, None, pulumi.log.warn)
    if authority.cacerts:
        _outside_trading_hours({}, settings, authority)
    return [Cacerts("cacerts", CacertsArgs(settings.istio.namespace, None), opts)] if authority.ours else []


@_one_line()
def _files(
    chain: str, key: str, also_trust: tuple[str, ...], settings: Settings, now_trusted: Trust | None, announced: bool
) -> Mapping[str, str]:
    """Return the files of the Secret `cacerts`, checked once chain and key are known and before they are written."""
    where, bounded = ("vault", True) if settings.vault.signs else ("ca", settings.ca.source == "pem")
    made = bundle.verified_bundle(chain, key, also_trust, datetime.now(UTC), where, bounded)
    _warn_of_its_end(pem.certificates(made.ca_cert, "ca")[0])
    new = trust.of_bundle(made.ca_cert, made.cert_chain, made.root_cert)
    _check(settings, now_trusted, new, pulumi.log.debug if announced else pulumi.log.warn)
    return made.files()


@_one_line()
def _outside_trading_hours(files: Mapping[str, str], settings: Settings, authority: Authority) -> Mapping[str, str]:
    """Return the files of the Secret `cacerts`; refuse another CA within trading hours. A preview only warns.

    The preflight has judged the CA that this stack makes in Vault; that of any other source is known only now.
    """
    signing, vault = authority.cacerts.get("ca-cert.pem") or authority.root_cert, settings.vault
    is_judged = vault.enabled and vault.here
    written = pem.certificates(files["ca-cert.pem"], "ca") if files else ()
    if is_judged or not signing or pem.certificates(signing, "ca")[0] in written:
        return files
    what = f"an `up` {trading_hours.NEW_CA}"
    findings = trading_hours.refused_restart(settings.trading.hours, what, datetime.now(UTC))
    for finding in trading_hours.shown_only(findings) if pulumi.runtime.is_dry_run() else findings:
        if finding.level is Level.ERROR:
            raise CertificateError(f"{finding}; the CA was not changed")
        pulumi.log.warn(str(finding))
    return files


def _check(settings: Settings, live: Trust | None, new: Trust | None, log: Callable[[str], None]) -> None:
    holders = partial(_holders, settings.cluster.context, settings.istio.namespace)
    check_change(live, new, settings.mtls.certificate_lifetime, log, holders)


@cache
def _holders(context: str, namespace: str, root: pem.x509.Certificate) -> list[str] | None:
    """Ask the proxies which of them hold a root; asked once, however often a change is judged."""
    return root_trust.holders_of_others(context, namespace, root)


@_one_line()
def _chain(chain: str) -> pem.Certificates:
    """Return the certificates of an external signer's chain, checked before istiod relies on it."""
    certificates = bundle.verified_chain(chain, datetime.now(UTC))
    _warn_of_its_end(certificates[0])
    return certificates


def _warn_of_its_end(certificate: pem.x509.Certificate) -> None:
    judged = chains.ca_expiry(certificate, datetime.now(UTC))
    if judged.level == "warning":
        pulumi.log.warn(f"vault: {judged.message}; run `python -m operations rotate-ca`")
