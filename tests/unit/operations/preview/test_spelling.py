"""The spelling of values, differences and counts."""

import pytest

from operations.preview import spelling


@pytest.mark.parametrize(
    ("before", "after", "written"),
    [
        ("15Gi", "19200Mi", "`15Gi` → `19200Mi` (+25%)"),
        ("500m", "4", "`500m` → `4` (+700%)"),
        ("5s", "50s", "`5s` → `50s`"),
        ("1.20.3", "1.20.7", "`1.20.3` → `1.20.7`"),
        (True, False, "`true` → `false`"),
        (None, 2, "nothing → `2`"),
        (["a"], [], "`[a]` → `[]`"),
        ("0Mi", "1Gi", "`0Mi` → `1Gi`"),
        ("a|b", "`c`", "`a\\|b` → `'c'`"),
    ],
)
def test_both_values_are_written_as_a_stack_file_has_them(before, after, written):
    assert spelling.changed(before, after) == written


@pytest.mark.parametrize(("names", "written"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_names_are_enumerated_as_in_a_sentence(names, written):
    assert spelling.enumerated(names) == written
