"""Descriptions of the settings for the schema, from the docstrings of their fields.

pydantic can read them itself, but it would parse the source of every class in every preview, which needs no schema.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pydantic.alias_generators import to_camel

from pi_mesh.model.base import Model


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
