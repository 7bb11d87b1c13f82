"""Every value, object and budget of some meshes: a change may restart a running stack's proxies."""

import json

import pytest

from tests.support import recorded_meshes


@pytest.mark.parametrize("name", recorded_meshes.MESHES)
def test_a_mesh_is_made_as_it_was(name):
    recorded = json.loads(recorded_meshes.file(name).read_text())
    assert recorded_meshes.made(name) == recorded, "if that is meant: `make schema`, and a line in CHANGELOG.md"


def test_nothing_is_recorded_that_is_not_tested():
    files = {recorded_meshes.file(name) for name in recorded_meshes.MESHES}
    assert {*recorded_meshes.FOLDER.iterdir()} == files
