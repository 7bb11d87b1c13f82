"""The values in which two trees differ, and the sections that show them."""

import pytest

from operations.pull_request import values
from operations.pull_request.engine import Resource, Step
from tests.support.versions import BEFORE, NEWEST

ROUTES = [{"prefix": "/orders", "timeout": "5s", "to": [{"service": "a"}]}, {"prefix": "/", "to": [{"service": "b"}]}]
NEW = {"prefix": "/new", "to": []}
OTHER_NAME = [("a[0].name", 1, None), ("a[0].port", None, 1)]
DIFFERENCES = {
    "no difference": ({"a": 1}, {"a": 1}, []),
    "a value": ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", 1, 2)]),
    "a key of one side": ({"a": 1}, {"b": 1}, [("a", 1, None), ("b", None, 1)]),
    "a plain item at the end": ({"a": ["x"]}, {"a": ["x", "y"]}, [("a[1]", None, "y")]),
    "a plain item at the beginning": ({"a": ["x", "y"]}, {"a": ["z", "x", "y"]}, [("a[0]", None, "z")]),
    "a plain item elsewhere": ({"a": ["x", "y"]}, {"a": ["y", "z"]}, [("a[0]", "x", None), ("a[1]", None, "z")]),
    "another type": ({"a": "1"}, {"a": 1}, [("a", "1", 1)]),
    "a tree of one side": ({}, {"a": {"b": 1}}, [("a", None, {"b": 1})]),
    "an input of Pulumi's own": ({"__provider": "a"}, {"__provider": "b"}, []),
    "an item before the others changes none": ({"a": ROUTES}, {"a": [NEW, *ROUTES]}, [("a[0]", None, NEW)]),
    "another order": ({"a": ROUTES}, {"a": ROUTES[::-1]}, [("a", ROUTES, ROUTES[::-1])]),
    "items without a name, by place": ({"a": [{"x": 1}, {"x": 2}]}, {"a": [{"x": 1}, {"x": 3}]}, [("a[1].x", 2, 3)]),
    "items by name": ({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "x", "v": 2}]}, [("a[0].v", 1, 2)]),
    "items with other kinds of names": ({"a": [{"name": 1}]}, {"a": [{"port": 1}]}, OTHER_NAME),
    "an item in another's place": ({"a": [{"name": 1}]}, {"a": [{"name": 2}]}, [("a[0]", {"name": 1}, {"name": 2})]),
}


@pytest.mark.parametrize(("before", "after", "differences"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_each_value_that_differs_has_its_path_and_both_sides(before, after, differences):
    entries = values.differences_between(before, after)
    assert [(entry.path, entry.before, entry.after) for entry in entries] == differences


def test_a_change_in_a_list_has_its_whole_item():
    changed = [{**ROUTES[0], "timeout": "50s"}, ROUTES[1]]
    (difference,) = values.differences_between({"http": ROUTES}, {"http": changed})
    assert (difference.path, difference.before, difference.after) == ("http[0].timeout", "5s", "50s")
    assert difference.item == values.Difference("http[0]", ROUTES[0], changed[0])


LONG = "same " * 40
DIFF = "````diff\n prefix: /orders\n-timeout: 5s\n+timeout: 50s\n to:\n - service: a\n"
ROW = f"| key | change |\n| :-- | :-- |\n| `pi-mesh:x.version` | `{BEFORE}` → `{NEWEST}` |"
SECTIONS = {
    "a plain value is a row": ({"version": BEFORE}, {"version": NEWEST}, ROW),
    "an item is shown whole": ([ROUTES[0]], [{**ROUTES[0], "timeout": "50s"}], f"`pi-mesh:x[0]`:\n{DIFF}````"),
    "an item with two changes is shown once": (
        [ROUTES[0]],
        [{**ROUTES[0], "timeout": "50s", "a": 1}],
        f"`pi-mesh:x[0]`:\n{DIFF}+a: 1\n````",
    ),
    "a new branch is shown whole": (None, {"enabled": False}, "`pi-mesh:x`:\n````diff\n+enabled: false\n````"),
    "long texts are both readable": (
        f"{LONG}old",
        f"{LONG}new",
        f"`pi-mesh:x`:\n````diff\n-{LONG}old\n+{LONG}new\n````",
    ),
}


@pytest.mark.parametrize(("before", "after", "text"), SECTIONS.values(), ids=SECTIONS)
def test_the_section_of_the_settings_has_a_row_for_a_plain_value_and_a_diff_for_an_item(before, after, text):
    sides = ({"pi-mesh:x": side} if side else {} for side in (before, after))
    assert values.settings_section(*sides) == f"#### Settings\n\n{text}"


def test_without_changes_there_is_no_section():
    assert values.settings_section({"a": 1}, {"a": 1}) == ""
    assert values.resources_section([]) == ""


def resource(**inputs: object) -> Resource:
    return Resource("kubernetes:helm.sh/v3:Release", "istiod", inputs)


def many(count: int, side: int) -> Resource:
    return resource(**{f"k{key:02}": side for key in range(count)})


EIGHT = "<br>".join(f"`k{key:02}`: `1` → `2`" for key in range(8))


@pytest.mark.parametrize(
    ("step", "row"),
    [
        (Step("update", resource(m="1Gi"), resource(m="2Gi")), "update | `m`: `1Gi` → `2Gi` (+100%)"),
        (Step("replace", resource(n="a"), resource(n="b"), ("n", "m")), "**replace** (for `n`, `m`) | `n`: `a` → `b`"),
        (Step("update", many(8, 1), many(8, 2)), f"update | {EIGHT}"),
        (Step("update", many(11, 1), many(11, 2)), f"update | {EIGHT}<br>and 3 more, in the rendered objects"),
        (Step("update", resource(x="a" * 200), resource(x="b" * 200)), "update | `x`: see the rendered objects"),
        (Step("create", None, resource(a=1)), "create | "),
        (Step("delete", resource(a=1), None), "delete | "),
    ],
)
def test_a_resource_is_a_row_with_its_verb_and_values(step, row):
    text = values.resources_section([step])
    assert text.startswith("<details><summary>1 resource of the stack</summary>")
    assert text.splitlines()[4] == f"| `istiod` (Release) | {row} |"
