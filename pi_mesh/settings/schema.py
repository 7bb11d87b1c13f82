"""The command `python -m pi_mesh.settings.schema`: writes docs/config.schema.json for editors and docs/config.md."""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_camel

from pi_mesh.model import Model
from pi_mesh.names import PROJECT
from pi_mesh.settings import Settings, reference
from pi_mesh.settings.pulumi_config import SECRET_KEYS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def documents() -> dict[Path, str]:
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


# Descriptions of the settings for the schema, from the docstrings of their fields.
# pydantic can read them itself, but it would parse the source of every class in every preview, which needs no schema.


def describe(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the settings' JSON schema with a description for each field that has a docstring."""
    models = {model.__name__: model for model in _below(Model)}
    for name, definition in {**schema["$defs"], schema["title"]: schema}.items():
        for base in reversed(models[name].__mro__[: models[name].__mro__.index(Model)]):
            for field, sentence in sentences(base):
                if field in definition["properties"]:
                    definition["properties"][field]["description"] = sentence
    return schema


def _below(model: type[Model]) -> Iterator[type[Model]]:
    for child in model.__subclasses__():
        yield child
        yield from _below(child)


def sentences(model: type) -> Iterator[tuple[str, str]]:
    """Yield the schema's name of each field of the class, with the field's docstring."""
    try:
        source = inspect.getsource(model)
    except OSError:  # a class made by `create_model` has no source
        return
    (definition,) = ast.parse(textwrap.dedent(source)).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    for pair in pairwise(body):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(sentence))):
                yield to_camel(name), inspect.cleandoc(sentence)


if __name__ == "__main__":
    for path, content in documents().items():
        path.write_text(content)
