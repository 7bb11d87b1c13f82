"""Comparison of two trees."""

from pi_mesh.tree_diff import ABSENT, Place, paired_items, unequal
from tests.support.findings import table


@table(
    ({"a": 1}, {"a": 1}, []),
    ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
    ({"a": 1}, {}, [("a", 1, ABSENT)]),
    ({"a": None}, {}, []),
    ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [("a.c", 2, 3)]),
    ({"a": {"b": 1}}, {"a": 2}, [("a.b", 1, ABSENT), ("a", ABSENT, 2)]),
    ({"a": 2}, {"a": {"b": 1}}, [("a.b", ABSENT, 1), ("a", 2, ABSENT)]),
    ({"a": [1]}, {"a": [1, 2]}, [("a", [1], [1, 2])]),
    ({"a": 1, 2: 1}, {"a": 2, 2: 2}, [("2", 1, 2), ("a", 1, 2)]),
)
def test_each_leaf_that_differs_is_found_and_a_list_is_a_leaf(wanted, applied, found):
    assert list(unequal(wanted, applied)) == found


@table(
    ([{"name": "a"}, {"name": "b"}], [{"name": "b"}], ("name",), [("a", 0, None), ("b", 1, 0)]),
    ([{"name": "a", "port": 1}], [{"port": 1}], ("name", "port"), [("1", 0, 0)]),
    ([{"port": {"name": "http"}}], [{"port": {"name": "http"}}], ("port",), [("http", 0, 0)]),
    ([{"x": 1}, {"x": 2}], [{"x": 2}], ("name",), [(0, 0, None)]),
    (["a", "b"], ["b", "a"], ("name",), [(0, 0, 0), (1, 1, 1)]),
)
def test_items_are_paired_by_the_first_key_that_names_all_of_them_or_by_place(before, after, keys, pairs):
    assert paired_items(before, after, keys) == pairs


def test_a_place_is_a_path_a_pattern_and_a_pointer():
    place = Place().field("metadata").field("a/b").item(2, "web")
    assert place == ("metadata.a/b[web]", "metadata.a/b[]", "/metadata/a~1b/2")
