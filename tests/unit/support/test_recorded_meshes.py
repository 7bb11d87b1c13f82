"""Every value, object and budget of some meshes: a change may restart a running stack's proxies."""

import pytest

from tests.support import recorded_meshes
from tests.support.recorded_meshes import difference, written
from tests.support.versions import NEWEST


@pytest.mark.parametrize("name", recorded_meshes.MESHES)
def test_a_mesh_is_made_as_it_was(name):
    recorded = recorded_meshes.file(name).read_text()
    assert recorded_meshes.recording(name) == recorded, "if that is meant: `make schema`, and a line in CHANGELOG.md"
    assert NEWEST not in recorded


def test_nothing_is_recorded_that_is_not_tested():
    files = {recorded_meshes.file(name) for name in recorded_meshes.MESHES}
    assert {*recorded_meshes.FOLDER.iterdir()} == files


def test_a_difference_has_what_is_new_changed_or_gone_and_no_more():
    before, after = {"a": {"b": 1, "c": 2}, "d": [1], "e": 3}, {"a": {"b": 1, "c": 0}, "d": [1], "f": 4}
    assert difference(before, after) == {"a": {"c": 0}, "f": 4, "e": None}


def test_short_trees_are_written_in_one_line_and_long_ones_in_many():
    assert written({"b": [1, {"a": True}]}) == '{"b": [1, {"a": true}]}'
    assert written({"b": ["x" * 90, "y" * 90]}) == f'{{\n "b": [\n  "{"x" * 90}",\n  "{"y" * 90}"\n ]\n}}'
