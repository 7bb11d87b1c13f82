"""The settings in a stack file, read without Pulumi."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from pi_mesh.settings import Settings, SettingsError, parse
from pi_mesh.settings.pulumi_config import plain_values


def load_file(path: Path) -> Settings:
    """Return the settings of a stack file. Raises SettingsError with every problem at once."""
    return parse(plain_values(stack_config(path)))


def stack_config(path: Path) -> Mapping[str, object]:
    """Return the content of `config:` in a stack file. Raises SettingsError, with one line, for any other file."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([f"{path.name}: can't be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{path.name}: is not UTF-8 text; write it as YAML"]) from None
    except yaml.YAMLError as error:
        raise SettingsError([f"{path.name}: is not valid YAML: {_where(error)}"]) from None
    config = content.get("config") if isinstance(content, dict) else None
    if not isinstance(config, dict):
        raise SettingsError([f"{path.name}: is not a stack file: it has no `config:` with keys below it"])
    return {str(key): value for key, value in config.items()}


def _where(error: yaml.YAMLError) -> str:
    """Return the place and the reason of a YAML error in one line."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}; look for indentation and quotes there"
    return " ".join(str(error).split())
