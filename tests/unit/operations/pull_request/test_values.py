"""The values in which two trees differ."""

import pytest

from operations.pull_request import values
from operations.pull_request.engine import Resource, Step

ROUTES = [{"prefix": "/orders", "timeout": "5s", "to": [{"service": "a"}]}, {"prefix": "/", "to": [{"service": "b"}]}]


def found(before, after):
    return [(entry.path, entry.before, entry.after) for entry in values.differences_between(before, after)]


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
        ({"__provider": "a"}, {"__provider": "b"}, []),
    ],
)
def test_each_value_that_differs_is_found_with_its_path(before, after, expected):
    assert found(before, after) == expected


def test_a_change_in_a_list_is_found_in_its_item_and_the_item_is_whole():
    changed = [{**ROUTES[0], "timeout": "50s"}, ROUTES[1]]
    (difference,) = values.differences_between({"http": ROUTES}, {"http": changed})
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


def test_an_item_that_takes_the_place_of_another_is_one_difference():
    assert found({"a": [{"name": "x"}]}, {"a": [{"name": "y"}]}) == [("a[0]", {"name": "x"}, {"name": "y"})]


def test_plain_items_are_found_wherever_they_stand():
    assert found({"a": ["x", "y"]}, {"a": ["y", "z"]}) == [("a[0]", "x", None), ("a[1]", None, "z")]


ROUTE = {"prefix": "/orders", "timeout": "5s", "to": [{"service": "trading-app-service.trading.svc.cluster.local"}]}


def test_a_plain_value_is_a_row_with_its_key():
    text = values.settings_section({"pi-mesh:istio": {"version": "1.20.3"}}, {"pi-mesh:istio": {"version": "1.20.7"}})
    assert "| `pi-mesh:istio.version` | `1.20.3` → `1.20.7` |" in text


def test_an_item_of_a_list_is_shown_whole_with_its_change():
    after = {"pi-mesh:traffic": {"http": [{**ROUTE, "timeout": "50s"}]}}
    text = values.settings_section({"pi-mesh:traffic": {"http": [ROUTE]}}, after)
    assert text == (
        "#### Settings\n\n`pi-mesh:traffic.http[0]`:\n````diff\n prefix: /orders\n-timeout: 5s\n+timeout: 50s\n to:\n"
        " - service: trading-app-service.trading.svc.cluster.local\n````"
    )


def test_two_changes_of_one_item_show_it_once():
    after = {"pi-mesh:traffic": {"http": [{**ROUTE, "timeout": "50s", "rewrite": "/"}]}}
    assert values.settings_section({"pi-mesh:traffic": {"http": [ROUTE]}}, after).count("````diff") == 1


def test_a_new_branch_is_shown_whole():
    text = values.settings_section({}, {"pi-mesh:egress": {"enabled": False}})
    assert "`pi-mesh:egress`:\n````diff\n+enabled: false\n````" in text


def test_long_texts_that_differ_late_are_both_readable():
    before, after = ({"pi-mesh:x": {"pem": "same " * 40 + end}} for end in ("old", "new"))
    text = values.settings_section(before, after)
    assert f"-{'same ' * 40}old\n+{'same ' * 40}new" in text


def test_without_changes_there_is_no_section():
    assert values.settings_section({"a": 1}, {"a": 1}) == ""


def resource(**inputs: object) -> Resource:
    return Resource("kubernetes:helm.sh/v3:Release", "istiod", inputs)


def test_a_resource_is_a_row_with_its_verb_and_values():
    text = values.resources_section(
        [Step("update", resource(values={"memory": "256Mi"}), resource(values={"memory": "384Mi"}))]
    )
    assert "| `istiod` (Release) | update | `values.memory`: `256Mi` → `384Mi` (+50%) |" in text


def test_a_replacement_names_its_reason():
    text = values.resources_section([Step("replace", resource(name="a"), resource(name="b"), ("name",))])
    assert "| **replace** (for `name`) | `name`: `a` → `b` |" in text


@pytest.mark.parametrize(("count", "more"), [(8, False), (11, True)])
def test_many_values_are_counted(count, more):
    before, after = (resource(**{f"k{key}": side for key in range(count)}) for side in (1, 2))
    text = values.resources_section([Step("update", before, after)])
    assert text.count("→") == 8
    assert ("and 3 more, in the rendered objects" in text) is more
    assert ("more, in" in text) is more


def test_a_value_too_long_for_a_row_is_left_to_the_rendered_objects():
    text = values.resources_section([Step("update", resource(x="a" * 200), resource(x="b" * 200))])
    assert "`x`: see the rendered objects" in text
    assert "aaa" not in text


def test_only_a_resource_with_both_sides_has_values():
    for verb, before, after in (("create", None, resource(a=1)), ("delete", resource(a=1), None)):
        row = values.resources_section([Step(verb, before, after, (), False)]).splitlines()[-3]
        assert row.strip().startswith("| `istiod` (Release)")
        assert "a" not in row.rpartition("| ")[0].rpartition("| ")[2].replace(verb, "")
