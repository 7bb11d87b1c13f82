"""From Pulumi's config to the plain values that `settings.parse` takes; shared by both readers."""

import json
from collections.abc import Collection, Mapping

from pi_mesh.names import PROJECT
from pi_mesh.settings.errors import SettingsError

KEY_OF_THE_CA = "caKey"
"""With `ca.source: pem`, the private key of the CA: refused in plain text."""
SECRET_KEYS = frozenset({"vaultToken", KEY_OF_THE_CA})
"""Keys of their own for secrets: read only where they are used, as secrets, and never part of the settings tree."""


def plain_values(config: Mapping[str, object], encrypted: Collection[str] = ()) -> dict[str, object]:
    """First-level keys of the project with their values. Raises SettingsError where a setting is encrypted.

    And where the CA's key is not.

    `config` maps full keys (`pi-mesh:istio`) to values, an object as JSON text or as it is; `encrypted` names the full
    keys that Pulumi holds as secrets.
    """
    prefix = f"{PROJECT}:"
    ours = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    hidden = {key.removeprefix(prefix) for key in encrypted} & ours.keys() - SECRET_KEYS
    if hidden:
        allowed = ", ".join(sorted(SECRET_KEYS))
        raise SettingsError(f"{key}: is encrypted; only {allowed} is a secret" for key in sorted(hidden))
    if "PRIVATE" in str(ours.get(KEY_OF_THE_CA)) and f"{prefix}{KEY_OF_THE_CA}" not in encrypted:
        raise SettingsError([_PLAIN_KEY])
    return {key: _decoded(value) for key, value in ours.items() if key not in SECRET_KEYS}


_PLAIN_KEY = (
    f"{KEY_OF_THE_CA}: is a private key in plain text, and whoever saw the stack file has it: have a CA with a new key "
    f"made, then `pulumi config set --secret {KEY_OF_THE_CA} < ca-key.pem`"
)


def _decoded(value: object) -> object:
    """Pulumi hands objects over as JSON text; what is no JSON is a plain text, and validation says what is wrong."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
