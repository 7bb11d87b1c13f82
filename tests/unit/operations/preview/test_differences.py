"""The values in which two trees differ."""

import pytest

from operations.preview import differences

ROUTES = [{"prefix": "/orders", "timeout": "5s", "to": [{"service": "a"}]}, {"prefix": "/", "to": [{"service": "b"}]}]


def found(before, after):
    return [(entry.path, entry.before, entry.after) for entry in differences.between(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", 1, 2)]),
        ({"a": 1}, {"b": 1}, [("a", 1, None), ("b", None, 1)]),
        ({"a": ["x"]}, {"a": ["x", "y"]}, [("a[1]", None, "y")]),
        ({"a": ["x", "y"]}, {"a": ["z", "x", "y"]}, [("a[0]", None, "z")]),
        ({"a": "1"}, {"a": 1}, [("a", "1", 1)]),
        ({}, {"a": {"b": 1}}, [("a", None, {"b": 1})]),
    ],
)
def test_each_value_that_differs_is_found_with_its_path(before, after, expected):
    assert found(before, after) == expected


def test_a_change_in_a_list_is_found_in_its_item_and_the_item_is_whole():
    changed = [{**ROUTES[0], "timeout": "50s"}, ROUTES[1]]
    (difference,) = differences.between({"http": ROUTES}, {"http": changed})
    assert (difference.path, difference.before, difference.after) == ("http[0].timeout", "5s", "50s")
    assert difference.item is not None
    assert (difference.item.path, difference.item.before, difference.item.after) == ("http[0]", ROUTES[0], changed[0])


def test_an_item_put_before_the_others_changes_none_of_them():
    new = {"prefix": "/new", "to": []}
    assert found({"http": ROUTES}, {"http": [new, *ROUTES]}) == [("http[0]", None, new)]


def test_another_order_of_the_same_items_is_a_difference():
    turned = [*reversed(ROUTES)]
    assert found({"http": ROUTES}, {"http": turned}) == [("http", ROUTES, turned)]


def test_items_without_a_name_are_compared_place_by_place():
    assert found({"a": [{"x": 1}, {"x": 2}]}, {"a": [{"x": 1}, {"x": 3}]}) == [("a[1].x", 2, 3)]


def test_items_with_different_kinds_of_names_are_not_the_same():
    assert found({"a": [{"name": "x"}]}, {"a": [{"port": 1}]}) != []
    assert found({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "x", "v": 2}]}) == [("a[0].v", 1, 2)]


def test_a_tree_is_walked_by_its_branches_and_items_and_not_by_letters():
    assert list(differences.walk({"a": ["xy", {"b": 1}]})) == [
        ("", {"a": ["xy", {"b": 1}]}),
        ("a", ["xy", {"b": 1}]),
        ("a[0]", "xy"),
        ("a[1]", {"b": 1}),
        ("a[1].b", 1),
    ]
