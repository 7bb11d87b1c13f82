"""The files generated from the settings: the editors' schema and the reference."""

from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml

from pi_mesh.settings import schema
from tests.support.factories import raw_settings

ROOT = Path(__file__).resolve().parents[4]
DOCUMENTS = schema.documents()


@cache
def editor() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema.stack_file())


@pytest.mark.parametrize("path", sorted(ROOT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_editors_accept_the_stack_files(path):
    editor().validate(yaml.safe_load(path.read_text()))


def test_editors_mark_what_the_program_would_refuse():
    written = {"config": {f"pi-mesh:{key}": value for key, value in raw_settings(ingres={}).items()}}
    with pytest.raises(jsonschema.ValidationError, match="ingres"):
        editor().validate(written)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_generated_documents_are_current(path):
    assert path.read_text() == DOCUMENTS[path], "run `make schema`"
