"""The way to Vault must be encrypted and verified: the token and the CA's key travel on it."""

import os
from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, setting
from pi_mesh.checks.next_version import refused_next
from pi_mesh.settings.vault import VaultSettings

TRANSPORT = "vault transport"
SKIP_VERIFY = "VAULT_SKIP_VERIFY"
"""Vault's client in the plugin takes the variable, whatever the provider's inputs say (vault/api/client.go)."""
TRUE = ("1", "t", "T", "TRUE", "true", "True")
"""What Go takes for true (strconv.ParseBool), and so Vault's client."""


def check(vault: VaultSettings) -> Iterator[Finding]:
    """Yield a warning for each address of plain http, and for an environment that switches the verification off."""
    for field, address in vault.plain_http():
        message = (
            f"{address} is plain HTTP to another machine: the token and the CA's key cross the network in the clear"
        )
        fix = "use https://, or set vault.allowHttp: true where you trust that network"
        yield refused_next(TRANSPORT, setting(f"vault.{field}"), message, fix)
    if vault.here and str(vault.address).startswith("https://") and os.environ.get(SKIP_VERIFY) in TRUE:
        message = (
            f"{vault.address} is not verified, because {SKIP_VERIFY} is set in the environment: the token and the CA's "
            "key go to whoever answers there"
        )
        fix = f"unset {SKIP_VERIFY}, and name the CA's PEM file in vault.caFile"
        yield refused_next(TRANSPORT, setting("vault.address"), message, fix)
