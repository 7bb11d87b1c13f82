"""The command `python -m pi_mesh.settings.schema`: writes docs/config.schema.json for editors and docs/config.md."""

import json
from pathlib import Path

from pi_mesh.names import PROJECT
from pi_mesh.settings import Settings, reference
from pi_mesh.settings.docstrings import describe
from pi_mesh.settings.raw import SECRET_KEYS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def documents() -> dict[Path, str]:
    """Return the content of each generated file."""
    return {
        DOCS / "config.schema.json": json.dumps(stack_file(), indent=2) + "\n",
        DOCS / "config.md": reference.markdown(describe(Settings.model_json_schema()), sorted(SECRET_KEYS)),
    }


def stack_file() -> dict:
    """Return the JSON schema of a whole `Pulumi.STACK.yaml`."""
    settings = describe(Settings.model_json_schema())
    encrypted = {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}
    keys = {**settings["properties"], **dict.fromkeys(sorted(SECRET_KEYS), encrypted)}
    config = {
        "type": "object",
        "properties": {f"{PROJECT}:{key}": value for key, value in keys.items()},
        "required": [f"{PROJECT}:{key}" for key in settings["required"]],
        # Keys of Pulumi and its providers have other prefixes; with this project's prefix only the keys above exist.
        "patternProperties": {f"^(?!{PROJECT}:)": {}},
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A stack file of {PROJECT}",
        "type": "object",
        "properties": {"config": config},
        "required": ["config"],
        "$defs": settings["$defs"],
    }


if __name__ == "__main__":
    for path, content in documents().items():
        path.write_text(content)
