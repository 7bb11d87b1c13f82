"""Extra values must be read, and neither they nor other settings may weaken or override what typed settings say."""

import os
from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, as_warning, error, refused_next, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.settings import Settings
from pi_mesh.settings.releases import is_unprotected
from pi_mesh.settings.vault import VaultSettings
from pi_mesh.values.extra_values import load_chart, reserved_values, similar_path, unread_values
from pi_mesh.values.gateway import serves_certificates, shows_certificates

EXTRA, CHARTS, SECRETS = "extra values", "chart sources", "gateway secrets"


def check(observation: Observation) -> Iterator[Finding]:
    """Yield the findings that need no cluster."""
    mesh, settings = observation.mesh, observation.settings
    beside_the_ca = settings.ingress_namespace == settings.istio.namespace
    for release in mesh.releases:
        for path, owner in reserved_values(settings, release.chart, release.name, release.extra):
            message = f"takes over what belongs to {owner}"
            yield refused_next(EXTRA, setting(f"{release.setting}.values.{path}"), message, "remove it")
    for key, source in {release.source_setting: release.source.source for release in mesh.releases}.items():
        if is_unprotected(source):
            danger = "an attacker on the network can replace a chart, which the cluster then runs"
            message = f"{source} is plain HTTP: {danger}"
            yield refused_next(CHARTS, setting(key), message, "use https://, oci:// or a directory of packaged charts")
    yield from check_vault_transport(settings.vault)
    if settings.ingress.enabled and serves_certificates(settings) and beside_the_ca:
        fix = "a gateway that is not installed yet can have a namespace of its own, ingress.namespace"
        yield _gateway_secrets(settings, "ingress", "traffic.gateways", f", and {fix}")
    if settings.egress.enabled and shows_certificates(settings):
        yield _gateway_secrets(settings, "egress", "traffic.external")


def _gateway_secrets(settings: Settings, gateway: str, key: str, own_namespace: str = "") -> Finding:
    home = settings.istio.namespace
    message = f"has tls, so that the {gateway} gateway may read every Secret in {home}, the CA's key among them"
    fix = f"keep other Secrets out of it; with vault.key: internal no CA key lies there{own_namespace}"
    return warning(SECRETS, setting(key), message, fix)


TRANSPORT = "vault transport"
SKIP_VERIFY = "VAULT_SKIP_VERIFY"
"""Environment variable that the plugin's Vault client obeys, whatever the provider's inputs (vault/api/client.go)."""
TRUE = ("1", "t", "T", "TRUE", "true", "True")
"""Values that Go's strconv.ParseBool, and so Vault's client, reads as true."""


def check_vault_transport(vault: VaultSettings) -> Iterator[Finding]:
    """Yield a warning for each plain http address, and for an environment that disables verification."""
    for field, address in vault.plain_http():
        danger = "the token and the CA's key cross the network unencrypted"
        message = f"{address} is plain HTTP to another machine: {danger}"
        fix = "use https://, or set vault.allowHttp: true if you trust that network"
        yield refused_next(TRANSPORT, setting(f"vault.{field}"), message, fix)
    if vault.here and str(vault.address).startswith("https://") and os.environ.get(SKIP_VERIFY) in TRUE:
        danger = "the token and the CA's key go to whoever answers there"
        message = f"{vault.address} is not verified, because {SKIP_VERIFY} is set in the environment: {danger}"
        fix = f"unset {SKIP_VERIFY}, and name the CA's PEM file in vault.caFile"
        yield refused_next(TRANSPORT, setting("vault.address"), message, fix)


FIX = "see the chart's values.yaml for the right name, or remove it"
MEANT = "did you mean `{}`? Else see the chart's values.yaml, or remove it"


def check_unread(observation: Observation) -> Iterator[Finding]:
    """Return warnings alone: such a value changes nothing, and a stack that has one may still run `up`."""
    return map(as_warning, check_applied(observation))


def check_applied(observation: Observation) -> Iterator[Finding]:
    """Yield an error for each extra value that no template of its chart reads; only charts in a directory are read."""
    searched = (release for release in observation.mesh.releases if release.extra and release.source.is_directory)
    for release in searched:
        if chart := load_chart(release.package):
            for path in unread_values(chart, release.extra):
                message = f"no template of the chart {release.chart} {release.version} reads it, so it changes nothing"
                meant = similar_path(chart, path)
                yield error(
                    EXTRA, setting(f"{release.setting}.values.{path}"), message, MEANT.format(meant) if meant else FIX
                )
