"""The settings in a stack file, with no Pulumi at hand."""

from pathlib import Path

import yaml

from pi_mesh.settings import Settings, SettingsError, parse
from pi_mesh.settings.raw import plain_values


def load_file(path: Path) -> Settings:
    """Return the settings of a stack file. Raises SettingsError with every problem at once."""
    try:
        config = yaml.safe_load(path.read_text())["config"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise SettingsError([f"{path.name}: is not a stack file with a `config:`: {error}"]) from None
    return parse(plain_values(config))
