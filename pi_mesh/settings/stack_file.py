"""The stack file, read without Pulumi but by its engine's rules of YAML.

`off` and `17:30` are text, 1.0 is 1, a key without a project is this project's, and a key twice is an error: `resolve`
in resolve.go of gopkg.in/yaml.v3, and the engine's detour by JSON.
"""

import re
from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Any

import yaml

from pi_mesh.names import PROJECT
from pi_mesh.settings import Settings, SettingsError, parse
from pi_mesh.settings.errors import limited_depth
from pi_mesh.settings.pulumi_config import misplaced_keys, plain_values

TAG = "tag:yaml.org,2002:"
FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
RESOLVED = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "merge": r"<<",
    "time": r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ]+[0-9:.]+ *(Z|[-+][0-9:]+)?)?",
    "endless": r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    "number": r"[-+]?\.?[0-9][0-9A-Za-z_.+-]*",
}
"""Patterns of plain scalars that are no text, by tag; the first that fits counts."""


def load_file(path: Path) -> Settings:
    """Return the settings of a stack file. Raises SettingsError with every problem at once."""
    return parse(plain_values(stack_config(path)))


def stack_config(path: Path) -> Mapping[str, object]:
    """Return the config in a stack file by full keys. Raises SettingsError, with one line, for any other file."""
    config = content(path).get("config")
    if config is None:
        raise SettingsError([f"{path.name}: is not a stack file: it has no `config:` with keys below it"])
    return config


def content(path: Path) -> dict[str, Any]:
    """Return the whole content of a stack file, with full keys below `config:`. Raises SettingsError as above."""
    try:
        text = path.read_text(encoding="utf-8")
        with limited_depth(path.name):
            read = next(iter(yaml.load_all(text, _EngineLoader)), None)  # the engine reads the first document alone
    except OSError as error:
        raise SettingsError([f"{path.name}: can't be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{path.name}: is not UTF-8 text; write it as YAML"]) from None
    except yaml.YAMLError as error:
        raise SettingsError([f"{path.name}: is not valid YAML: {_where(error)}"]) from None
    if problems := misplaced_keys(path.name, text):
        raise SettingsError(problems)
    if read is None:
        return {}
    if not isinstance(read, dict):
        raise SettingsError([f"{path.name}: is not a stack file: it is not a map with a `config:`"])
    if config := read.get("config"):
        if not isinstance(config, dict):
            raise SettingsError([f"{path.name}: `config` is not a map of keys such as {PROJECT}:istio"])
        read["config"] = {f"{key}" if ":" in f"{key}" else f"{PROJECT}:{key}": config[key] for key in config}
    return read


class _EngineLoader(yaml.SafeLoader):
    """A loader whose plain scalars mean what they mean to the engine."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[Any, int] = {}
        for key, _ in node.value:
            name, line = self.construct_object(key, deep=True), key.start_mark.line + 1
            if name in lines and key.tag != f"{TAG}merge":
                raise _refused(f"the key `{name}` stands in line {lines[name]} already", key)
            lines[name] = line
        return super().construct_mapping(node, deep)

    def construct_bool(self, node: yaml.ScalarNode) -> bool:
        if not re.fullmatch(RESOLVED["bool"], node.value):
            raise _refused(f"`{node.value}` is neither true nor false", node)
        return node.value.lower() == "true"

    def construct_number(self, node: yaml.ScalarNode) -> int | float | str:
        """Return the number as JSON has it; what only begins like one is text."""
        text = self.construct_scalar(node)
        digits = text.replace("_", "")
        try:
            octal = re.fullmatch(r"([-+]?)0o?([0-7]+)", digits)
            whole = int(octal[1] + octal[2], 8) if octal else int(digits, 0)
            return whole if abs(whole) < 2**53 else float(whole)
        except ValueError:
            value = float(digits) if re.fullmatch(FLOAT, digits) else float("inf")
        return text if value in (float("inf"), float("-inf")) else int(value) if value.is_integer() else value

    def construct_endless(self, node: yaml.ScalarNode) -> None:
        raise _refused(f"Pulumi takes no number `{node.value}`", node)

    def construct_time(self, node: yaml.ScalarNode) -> str:
        """Return Go's text of a time, which is what the engine makes of a date without quotes."""
        value = self.construct_yaml_timestamp(node)
        clock = value.time() if isinstance(value, datetime) else time()
        return f"{value:%Y-%m-%d} {clock:%H:%M:%S} +0000 UTC"


for tag, pattern in RESOLVED.items():
    _EngineLoader.add_implicit_resolver(f"{TAG}{tag}", re.compile(f"(?:{pattern})$"), None)
_EngineLoader.add_constructor(f"{TAG}merge", yaml.SafeLoader.construct_yaml_str)
for tag in ("bool", "number", "endless", "time"):
    _EngineLoader.add_constructor(f"{TAG}{tag}", getattr(_EngineLoader, f"construct_{tag}"))


def _refused(reason: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, reason, node.start_mark)


def _where(error: yaml.YAMLError) -> str:
    """Return the place and the reason of a YAML error in one line."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}; look for indentation and quotes there"
    return " ".join(str(error).split())
