"""The generated documents: each is what the code says, and editors judge stack files by their schema."""

import json

import jsonschema
import pytest
import yaml

from tests.support.documents import DOCS, documents
from tests.support.factories import raw_settings
from tests.support.shape import ROOT

EDITOR = jsonschema.Draft202012Validator(json.loads((DOCS / "config.schema.json").read_text()))


@pytest.mark.parametrize("path", sorted(ROOT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_editors_accept_the_stack_files(path):
    EDITOR.validate(yaml.safe_load(path.read_text()))


def test_editors_mark_what_the_program_would_refuse():
    written = {"config": {f"pi-mesh:{key}": value for key, value in raw_settings(ingres={}).items()}}
    with pytest.raises(jsonschema.ValidationError, match="ingres"):
        EDITOR.validate(written)


def test_the_generated_documents_are_current():
    assert [path.name for path, text in documents().items() if path.read_text() != text] == [], "run `make schema`"
