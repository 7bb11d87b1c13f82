"""Pulumi's config inside the program: the only reader of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from pulumi import Config, Output, RunError
from pulumi.runtime import get_config_env, get_config_secret_keys_env
from pulumi.runtime.config import CONFIG

from pi_mesh.settings import CaSettings, Settings, SettingsError, parse_any
from pi_mesh.settings.raw import KEY_OF_THE_CA, REGISTRY_PASSWORD, plain_values


def load() -> Settings | CaSettings:
    """The settings of the stack that runs. Raises SettingsError with every problem at once.

    Reads all keys rather than asking for each, so that one that is not known is refused.
    """
    return parse_any(plain_values({**get_config_env(), **CONFIG.get()}, get_config_secret_keys_env()))


def vault_token() -> str | None:
    """Return the token for what the program itself asks of Vault: the secret `vaultToken`, else VAULT_TOKEN."""
    return Config().get("vaultToken") or os.environ.get("VAULT_TOKEN")


def secret_vault_token() -> Output[str] | None:
    """Return `vaultToken` as a secret; None lets the provider take VAULT_TOKEN, which then is nowhere in the state."""
    return Config().get_secret("vaultToken")


def secret_ca_key() -> Output[str] | None:
    """Return `caKey` as a secret; None where it is not set."""
    return Config().get_secret(KEY_OF_THE_CA)


def secret_registry_password() -> Output[str] | None:
    """Return `registryPassword` as a secret; None where it is not set."""
    return Config().get_secret(REGISTRY_PASSWORD)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Settings problems without a traceback: the stack file is wrong, not the program."""
    try:
        yield
    except SettingsError as problem:
        # Here: settings that are right need no other reader.
        from pi_mesh.inventory import with_contradictions

        raise RunError(str(with_contradictions(problem))) from None
