"""The only reader of Pulumi's config inside the program."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulumi import Config, Output, RunError, get_stack
from pulumi.runtime import get_config_env, get_config_secret_keys_env
from pulumi.runtime.config import CONFIG

from pi_mesh.settings import CaSettings, Settings, SettingsError, parse_any
from pi_mesh.settings.pulumi_config import CA_KEY, REGISTRY_PASSWORD, misplaced_keys, plain_values


def load() -> Settings | CaSettings:
    """Return the settings of the running stack. Raises SettingsError with every problem at once.

    All keys are read, rather than each one by name, so that an unknown key is refused.
    """
    file = Path(f"Pulumi.{get_stack()}.yaml")
    if file.exists() and (problems := misplaced_keys(file.name, file.read_text(encoding="utf-8", errors="replace"))):
        raise SettingsError(problems)
    return parse_any(plain_values({**get_config_env(), **CONFIG.get()}, get_config_secret_keys_env()))


def vault_token() -> str | None:
    """Return the token with which the program itself calls Vault: the secret `vaultToken`, else VAULT_TOKEN."""
    return Config().get("vaultToken") or os.environ.get("VAULT_TOKEN")


def secret_vault_token() -> Output[str] | None:
    """Return `vaultToken` as a secret.

    None lets the provider take VAULT_TOKEN from the environment, and the token then never reaches the state.
    """
    return Config().get_secret("vaultToken")


def secret_ca_key() -> Output[str] | None:
    """Return `caKey` as a secret, or None if it is not set."""
    return Config().get_secret(CA_KEY)


def secret_registry_password() -> Output[str] | None:
    """Return `registryPassword` as a secret; None where it is not set."""
    return Config().get_secret(REGISTRY_PASSWORD)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Report problems of the settings without a traceback: the stack file is wrong, not the program."""
    try:
        yield
    except SettingsError as problem:
        # Imported here, because valid settings never need the inventory at this point.
        from pi_mesh.inventory import with_contradictions

        raise RunError(str(with_contradictions(problem))) from None
