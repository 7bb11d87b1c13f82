"""From Pulumi's config to the plain values that `settings.parse` takes; shared by both readers."""

import json
from collections.abc import Collection, Mapping

from pi_mesh.names import PROJECT
from pi_mesh.settings.errors import SettingsError

KEY_OF_THE_CA = "caKey"
"""With `ca.source: pem`, the private key of the CA: refused in plain text."""
REGISTRY_PASSWORD = "registryPassword"
"""With `images.login`, the password of the registry."""
SECRET_KEYS = frozenset({"vaultToken", KEY_OF_THE_CA, REGISTRY_PASSWORD})
"""Keys of their own for secrets: read only where they are used, as secrets, and never part of the settings tree."""
STAND_IN = "known-to-the-owner-only"
"""What a preview of a pull request has in place of each secret."""
SECURE = "secure"
"""Pulumi's key below which a stack file has the ciphertext of a secret."""


def plain_values(config: Mapping[str, object], encrypted: Collection[str] = ()) -> dict[str, object]:
    """Return the first-level keys of the project with their values.

    `config` maps full keys (`pi-mesh:istio`) to values, an object as JSON text or as it is; `encrypted` names the full
    keys that Pulumi holds as secrets. Raises SettingsError where a setting is encrypted, or a secret is not.
    """
    prefix = f"{PROJECT}:"
    ours = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    hidden = {key.removeprefix(prefix) for key in encrypted} & ours.keys() - SECRET_KEYS
    if hidden:
        allowed = ", ".join(sorted(SECRET_KEYS))
        raise SettingsError(f"{key}: is encrypted; only {allowed} is a secret" for key in sorted(hidden))
    _refuse_plain_secrets({key: ours[key] for key in ours.keys() & SECRET_KEYS if f"{prefix}{key}" not in encrypted})
    return {key: _decoded(value) for key, value in ours.items() if key not in SECRET_KEYS}


def _refuse_plain_secrets(found: Mapping[str, object]) -> None:
    """Refuse a secret in plain text; in a stack file an encrypted one is an object with the key `secure`."""
    plain = sorted(
        key
        for key, value in found.items()
        if value and value != STAND_IN and not (isinstance(value, Mapping) and SECURE in value)
    )
    if plain:
        raise SettingsError(
            f"{key}: stands in plain text in the stack file: revoke it, and set a new one with "
            f"`pulumi config set --secret {key}`"
            for key in plain
        )


def _decoded(value: object) -> object:
    """Pulumi hands objects over as JSON text; what is no JSON is a plain text, and validation says what is wrong."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
