"""The only reader of Pulumi's config inside the program."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulumi import Config, Output, RunError, get_stack
from pulumi.runtime import get_config_env, get_config_secret_keys_env
from pulumi.runtime.config import CONFIG

from pi_mesh.settings import CaSettings, Settings, SettingsError, parse_any
from pi_mesh.settings.pulumi_config import VAULT_TOKEN, misplaced_keys, plain_values


def load() -> Settings | CaSettings:
    """Return the running stack's settings; all keys are read, to refuse an unknown one. Raises SettingsError."""
    file = Path(f"Pulumi.{get_stack()}.yaml")
    if file.exists() and (problems := misplaced_keys(file.name, file.read_text(encoding="utf-8", errors="replace"))):
        raise SettingsError(problems)
    return parse_any(plain_values({**get_config_env(), **CONFIG.get()}, get_config_secret_keys_env()))


def vault_token() -> str | None:
    """Return the token with which the program itself calls Vault: the secret `vaultToken`, else VAULT_TOKEN."""
    return Config().get(VAULT_TOKEN) or os.environ.get("VAULT_TOKEN")


def secret(key: str) -> Output[str] | None:
    """Return the value of a key as a secret; None where it is not set."""
    return Config().get_secret(key)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Report problems of the settings without a traceback: the stack file is wrong, not the program."""
    try:
        yield
    except SettingsError as problem:
        # Imported here, because valid settings never need the inventory at this point.
        from pi_mesh.inventory import with_contradictions

        raise RunError(str(with_contradictions(problem))) from None
