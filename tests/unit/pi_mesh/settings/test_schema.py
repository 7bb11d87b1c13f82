"""The files generated from the settings: the editors' schema and the reference."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from pi_mesh.settings import schema
from tests.support.factories import raw_settings

ROOT = Path(__file__).resolve().parents[4]


STACK_FILES = sorted(ROOT.glob("Pulumi.*.yaml"))


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_editors_accept_the_stack_files(path):
    jsonschema.validate(yaml.safe_load(path.read_text()), schema.stack_file())


def test_editors_mark_what_the_program_would_refuse():
    written = {"config": {f"pi-mesh:{key}": value for key, value in raw_settings(ingres={}).items()}}
    with pytest.raises(jsonschema.ValidationError, match="ingres"):
        jsonschema.validate(written, schema.stack_file())


@pytest.mark.parametrize("path", schema.documents(), ids=lambda path: path.name)
def test_the_generated_documents_are_current(path):
    assert path.read_text() == schema.documents()[path], "run `make schema`"
