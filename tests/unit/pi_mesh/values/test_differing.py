"""Differences between two trees of Helm values."""

import pytest

from pi_mesh.values.differing import ABSENT, unequal


@pytest.mark.parametrize(
    ("wanted", "applied", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"a": 1}, {}, [("a", 1, ABSENT)]),
        ({"a": None}, {}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [("a.c", 2, 3)]),
        ({"a": {"b": 1}}, {"a": 2}, [("a.b", 1, ABSENT), ("a", ABSENT, 2)]),
        ({"a": 2}, {"a": {"b": 1}}, [("a.b", ABSENT, 1), ("a", 2, ABSENT)]),
        ({"a": [1]}, {"a": [1, 2]}, [("a", [1], [1, 2])]),
    ],
    ids=str,
)
def test_each_leaf_that_differs_is_found_and_a_list_is_a_leaf(wanted, applied, found):
    assert list(unequal(wanted, applied)) == found
