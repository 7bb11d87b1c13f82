"""The only reader of Pulumi's config inside the program."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pulumi import Config, Output, RunError, get_stack
from pulumi.runtime.config import CONFIG, is_config_secret, set_all_config

from pi_mesh.names import PROJECT
from pi_mesh.settings import CaSettings, Settings, SettingsError, parse, parse_any
from pi_mesh.settings.pulumi_config import VAULT_TOKEN, misplaced_keys, plain_values
from pi_mesh.values.helm_values import merge


def load() -> Settings | CaSettings:
    """Return the running stack's settings; all keys are read, to refuse an unknown one. Raises SettingsError."""
    return parse_any(_values())


def load_mesh(changes: Mapping[str, object], secrets: Mapping[str, str]) -> Settings:
    """Return the settings of a mesh, with changes by the program, whose secrets join the config. Raises as `load`."""
    given = {f"{PROJECT}:{key}": value for key, value in secrets.items()}
    set_all_config(CONFIG.get() | given, [*filter(is_config_secret, CONFIG.get()), *given])
    return parse(merge(_values(), changes))


def _values() -> dict[str, object]:
    file = Path(f"Pulumi.{get_stack()}.yaml")
    if file.exists() and (problems := misplaced_keys(file.name, file.read_text(encoding="utf-8", errors="replace"))):
        raise SettingsError(problems)
    return plain_values(CONFIG.get(), [*filter(is_config_secret, CONFIG.get())])


def vault_token() -> str | None:
    """Return the token with which the program itself calls Vault: the secret `vaultToken`, else VAULT_TOKEN."""
    return Config(PROJECT).get(VAULT_TOKEN) or os.environ.get("VAULT_TOKEN")


def secret(key: str) -> Output[str] | None:
    """Return the value of a key as a secret; None where it is not set."""
    return Config(PROJECT).get_secret(key)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Report problems of the settings without a traceback: the stack file is wrong, not the program."""
    try:
        yield
    except SettingsError as problem:
        # Imported here, because valid settings never need the inventory at this point.
        from pi_mesh.inventory import with_contradictions

        raise RunError(str(with_contradictions(problem))) from None
