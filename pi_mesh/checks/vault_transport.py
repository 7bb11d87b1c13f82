"""The connection to Vault must be encrypted and verified, because it carries the token and the CA's key."""

import os
from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, setting
from pi_mesh.checks.next_version import refused_next
from pi_mesh.settings.vault import VaultSettings

TRANSPORT = "vault transport"
SKIP_VERIFY = "VAULT_SKIP_VERIFY"
"""Environment variable that Vault's client in the plugin obeys, whatever the provider's inputs are
(vault/api/client.go)."""
TRUE = ("1", "t", "T", "TRUE", "true", "True")
"""Values that Go's strconv.ParseBool, and so Vault's client, reads as true."""


def check(vault: VaultSettings) -> Iterator[Finding]:
    """Yield a warning for each plain http address, and for an environment that disables verification."""
    for field, address in vault.plain_http():
        message = (
            f"{address} is plain HTTP to another machine: the token and the CA's key cross the network unencrypted"
        )
        fix = "use https://, or set vault.allowHttp: true if you trust that network"
        yield refused_next(TRANSPORT, setting(f"vault.{field}"), message, fix)
    if vault.here and str(vault.address).startswith("https://") and os.environ.get(SKIP_VERIFY) in TRUE:
        message = (
            f"{vault.address} is not verified, because {SKIP_VERIFY} is set in the environment: the token and the CA's "
            "key go to whoever answers there"
        )
        fix = f"unset {SKIP_VERIFY}, and name the CA's PEM file in vault.caFile"
        yield refused_next(TRANSPORT, setting("vault.address"), message, fix)
