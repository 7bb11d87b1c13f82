"""The values that change, of the stack file and of the resources."""

import pytest

from operations.preview import value_section
from operations.preview.engine_result import Resource, Step

ROUTE = {"prefix": "/orders", "timeout": "5s", "to": [{"service": "trading-app-service.trading.svc.cluster.local"}]}


def test_a_plain_value_is_a_row_with_its_key():
    text = value_section.settings({"pi-mesh:istio": {"version": "1.20.3"}}, {"pi-mesh:istio": {"version": "1.20.7"}})
    assert "| `pi-mesh:istio.version` | `1.20.3` → `1.20.7` |" in text


def test_an_item_of_a_list_is_shown_whole_with_its_change():
    after = {"pi-mesh:traffic": {"http": [{**ROUTE, "timeout": "50s"}]}}
    text = value_section.settings({"pi-mesh:traffic": {"http": [ROUTE]}}, after)
    assert text == (
        "#### Settings\n\n`pi-mesh:traffic.http[0]`:\n````diff\n prefix: /orders\n-timeout: 5s\n+timeout: 50s\n to:\n"
        " - service: trading-app-service.trading.svc.cluster.local\n````"
    )


def test_two_changes_of_one_item_show_it_once():
    after = {"pi-mesh:traffic": {"http": [{**ROUTE, "timeout": "50s", "rewrite": "/"}]}}
    assert value_section.settings({"pi-mesh:traffic": {"http": [ROUTE]}}, after).count("````diff") == 1


def test_a_new_branch_is_shown_whole():
    text = value_section.settings({}, {"pi-mesh:egress": {"enabled": False}})
    assert "`pi-mesh:egress`:\n````diff\n+enabled: false\n````" in text


def test_long_texts_that_differ_late_are_both_readable():
    before, after = ({"pi-mesh:x": {"pem": "same " * 40 + end}} for end in ("old", "new"))
    text = value_section.settings(before, after)
    assert f"-{'same ' * 40}old\n+{'same ' * 40}new" in text


def test_without_changes_there_is_no_section():
    assert value_section.settings({"a": 1}, {"a": 1}) == ""


def resource(**inputs: object) -> Resource:
    return Resource("kubernetes:helm.sh/v3:Release", "istiod", inputs)


def test_a_resource_is_a_row_with_its_verb_and_values():
    text = value_section.resources(
        [Step("update", resource(values={"memory": "256Mi"}), resource(values={"memory": "384Mi"}))]
    )
    assert "| `istiod` (Release) | update | `values.memory`: `256Mi` → `384Mi` (+50%) |" in text


def test_a_replacement_names_its_reason():
    text = value_section.resources([Step("replace", resource(name="a"), resource(name="b"), ("name",))])
    assert "| **replace** (for `name`) | `name`: `a` → `b` |" in text


@pytest.mark.parametrize(("count", "more"), [(8, False), (11, True)])
def test_many_values_are_counted(count, more):
    before, after = (resource(**{f"k{key}": side for key in range(count)}) for side in (1, 2))
    text = value_section.resources([Step("update", before, after)])
    assert text.count("→") == 8
    assert ("and 3 more, in the rendered objects" in text) is more
    assert ("more, in" in text) is more


def test_a_value_too_long_for_a_row_is_left_to_the_rendered_objects():
    text = value_section.resources([Step("update", resource(x="a" * 200), resource(x="b" * 200))])
    assert "`x`: see the rendered objects" in text
    assert "aaa" not in text


def test_only_a_resource_with_both_sides_has_values():
    for verb, before, after in (("create", None, resource(a=1)), ("delete", resource(a=1), None)):
        row = value_section.resources([Step(verb, before, after, (), False)]).splitlines()[-3]
        assert row.strip().startswith("| `istiod` (Release)")
        assert "a" not in row.rpartition("| ")[0].rpartition("| ")[2].replace(verb, "")
