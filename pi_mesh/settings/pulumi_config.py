"""Conversion of Pulumi's config to the plain values that `settings.parse` takes, shared by both of its readers."""

import json
import re
from collections.abc import Collection, Mapping

from pi_mesh.names import PROJECT
from pi_mesh.settings.errors import SettingsError, limited_depth

CA_KEY = "caKey"
"""Key of the CA's private key for `ca.source: pem`; refused in plain text."""
REGISTRY_PASSWORD = "registryPassword"
"""Key of the registry's password for `images.login`."""
VAULT_TOKEN = "vaultToken"
"""Key of the token for the CA in Vault."""
SECRET_KEYS = frozenset({VAULT_TOKEN, CA_KEY, REGISTRY_PASSWORD})
"""Keys with secrets. They are read as secrets where they are used, and are never part of the settings tree."""
STAND_IN = "known-to-the-owner-only"
"""Stand-in for each secret in a pull request's preview."""
SECURE = "secure"
"""Pulumi's key for the ciphertext of a secret in a stack file."""


def plain_values(config: Mapping[str, object], encrypted: Collection[str] = ()) -> dict[str, object]:
    """Return the first-level keys of the project with their values.

    `config` maps full keys (`pi-mesh:istio`) to values, an object either as JSON text or as it is. `encrypted` has the
    full keys that Pulumi holds as secrets. Raises SettingsError for an encrypted setting, and for a secret in plain
    text.
    """
    _refuse_near_misses(config)
    prefix = f"{PROJECT}:"
    ours = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    hidden = {key.removeprefix(prefix) for key in encrypted} & ours.keys() - SECRET_KEYS
    if hidden:
        allowed = ", ".join(sorted(SECRET_KEYS))
        raise SettingsError(f"{key}: is encrypted, but only {allowed} may be" for key in sorted(hidden))
    _refuse_plain_secrets({key: ours[key] for key in ours.keys() & SECRET_KEYS if f"{prefix}{key}" not in encrypted})
    return {key: decoded(value, key) for key, value in ours.items() if key not in SECRET_KEYS}


def _refuse_near_misses(config: Mapping[str, object]) -> None:
    """Refuse keys of a project whose name is nearly ours: nobody would read them."""
    others = {key: key.partition(":") for key in config if not key.startswith(f"{PROJECT}:")}
    problems = [
        f"{key}: is a key of the project {project}, which nothing reads; did you mean `{PROJECT}:{name}`? "
        f"`pulumi config rm {key}`, and set it anew"
        for key, (project, _, name) in sorted(others.items())
        if _resembles(project)
    ]
    if problems:
        raise SettingsError(problems)


def _resembles(project: str) -> bool:
    """Return True for a name within two letters of this project's, whatever its case and dashes."""
    from difflib import SequenceMatcher

    ours, theirs = PROJECT.replace("-", ""), re.sub(r"[-_. ]", "", project.lower())
    return abs(len(ours) - len(theirs)) <= 2 and SequenceMatcher(None, ours, theirs).ratio() >= 0.75


def misplaced_keys(name: str, text: str) -> list[str]:
    """Return a line for each key of ours beside `config:` in a stack file's text: Pulumi drops such a key unread."""
    keys = re.findall(rf"^[\"']?({PROJECT}:[^\s:\"']+)", text, re.MULTILINE)
    return [f"{name}: {key} stands beside `config:`, where nothing reads it; indent it below `config:`" for key in keys]


def _refuse_plain_secrets(secrets: Mapping[str, object]) -> None:
    """Refuse a secret in plain text; in a stack file an encrypted secret is an object with the key `secure`."""
    plain = sorted(
        key
        for key, value in secrets.items()
        if value and value != STAND_IN and not (isinstance(value, Mapping) and SECURE in value)
    )
    if plain:
        raise SettingsError(
            f"{key}: is in plain text in the stack file; revoke it and set a new one with "
            f"`pulumi config set --secret {key}`"
            for key in plain
        )


def decoded(value: object, key: str = "settings") -> object:
    """Return the object of a JSON text, as Pulumi passes objects; other text is returned as it is, for validation."""
    if not isinstance(value, str):
        return value
    try:
        with limited_depth(key):
            return json.loads(value)
    except json.JSONDecodeError:
        return value
