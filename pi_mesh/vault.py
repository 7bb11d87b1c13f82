"""Vault must be unsealed and accept the token before a CA is made; nothing is written to it."""

import ssl
from pathlib import Path

import httpx2 as httpx

from pi_mesh.settings.vault import VaultSettings

SECONDS = 10.0
"""Timeout of a request, in seconds; a Pi that has just started answers slowly."""
STATES = {
    429: "",  # a standby node forwards requests
    472: "",
    473: "",
    501: "is not initialized; run `vault operator init`",
    503: "is sealed; unseal it with `vault operator unseal`",
}


class VaultError(Exception):
    """Vault cannot be used now. The message is one line: where, why, what to do. The mesh is unchanged."""


class VaultNotAsked(VaultError):
    """Vault could not be asked. A CA that stays as it is needs no answer."""


def read_signers(vault: VaultSettings, token: str | None) -> str | None:
    """Return the PEM of the CA that signs, followed by its own signers as far as Vault knows them.

    Returns None if a CA outside Vault signs. Raises VaultNotAsked unless Vault is unsealed and accepts the token, and
    VaultError.
    """
    with _client(vault) as client:
        _check_health(client, vault)
        _check_token(client, vault, token)
        if vault.signed_by == "outside":
            return None
        ca = _get(client, vault, f"{vault.root_mount}/ca/pem", {})
        if ca.status_code != 200 or not ca.text.strip():
            raise VaultError(
                f"vault.rootMount {vault.root_mount}: Vault at {vault.address} has no CA there: it was wiped, it is "
                "another Vault, or the mount has another name; docs/vault.md explains how to restore a lost root"
            )
        above = _get(client, vault, f"{vault.root_mount}/ca_chain", {})
        return f"{ca.text}\n{above.text}" if above.status_code == 200 else ca.text


def unavailable(vault: VaultSettings) -> str:
    """Return the reason why Vault can sign nothing now, with its remedy; empty if it can. Needs no token."""
    try:
        with _client(vault) as client:
            _check_health(client, vault)
    except VaultError as problem:
        return str(problem)
    return ""


def read_own_ca(vault: VaultSettings) -> str | None:
    """Return the PEM of the CA at the stack's own mount: empty if the mount has no CA, None if there is no such mount.

    Needs no token. Raises VaultError if Vault gives no answer.
    """
    with _client(vault) as client:
        response = _get(client, vault, f"{vault.mount}/ca/pem", {})
    if response.status_code in (403, 404):  # without a token Vault answers 403 for a path that does not exist
        return None
    if not response.is_success:
        reason = STATES.get(response.status_code) or f"answered {response.status_code} when asked for its CA"
        raise VaultError(f"vault.address {vault.address}: Vault {reason}")
    return response.text


def _client(vault: VaultSettings) -> httpx.Client:
    verify: ssl.SSLContext | bool = True
    if vault.ca_file:
        if not Path(vault.ca_file).is_file():
            raise VaultError(f"vault.caFile {vault.ca_file}: this file does not exist in the project's folder")
        try:
            verify = ssl.create_default_context(cafile=vault.ca_file)
        except ssl.SSLError:
            raise VaultError(f"vault.caFile {vault.ca_file}: contains no certificate in PEM form") from None
    return httpx.Client(base_url=f"{vault.address}/v1/", verify=verify, timeout=SECONDS)


def _check_health(client: httpx.Client, vault: VaultSettings) -> None:
    health = _get(client, vault, "sys/health", {}).status_code
    if reason := STATES.get(health, "" if health == 200 else f"is unhealthy: sys/health answers {health}"):
        raise VaultNotAsked(f"vault.address {vault.address}: Vault {reason}")


def _check_token(client: httpx.Client, vault: VaultSettings, token: str | None) -> None:
    remedy = "set VAULT_TOKEN, or `pulumi config set --secret vaultToken`; docs/vault/policy.hcl lists its rights"
    if not token:
        raise VaultNotAsked(f"vault: there is no token for {vault.address}: {remedy}")
    status = _get(client, vault, "auth/token/lookup-self", {"X-Vault-Token": token}).status_code
    if status == 403:
        raise VaultNotAsked(f"vault: {vault.address} rejects the token (wrong, expired or revoked): {remedy}")
    if status != 200:
        raise VaultNotAsked(f"vault: {vault.address} answered {status} when asked about the token; look at Vault's log")


def _get(client: httpx.Client, vault: VaultSettings, path: str, headers: dict[str, str]) -> httpx.Response:
    try:
        return client.get(path, headers=headers)
    except httpx.TimeoutException:
        reason = f"did not answer within {SECONDS:.0f} s"
    except httpx.ConnectError as error:
        reason = str(error)
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            raise VaultNotAsked(
                f"vault.address {vault.address}: its TLS certificate is from an unknown CA; name that CA's PEM file in "
                "vault.caFile"
            ) from None
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
    raise VaultNotAsked(
        f"vault.address {vault.address}: can't be reached: {reason}; is Vault up, is the address right?"
    )
