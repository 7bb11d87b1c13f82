"""What the comment on a pull request says."""

import pytest

from preview import changes, rendered
from preview.comment import LIMIT, Comparison, markdown
from preview.intent import NOTHING, Intent, Resource, Violation

RELEASE = "kubernetes:helm.sh/v3:Release"


def intent(memory: str = "256Mi", **more) -> Intent:
    values = {"global": {"proxy": {"resources": {"limits": {"memory": memory}}}}}
    return Intent({"urn:istiod": Resource(RELEASE, "istiod", {"chart": "istiod", "values": values})}, {}, **more)


def comment(before: Intent = NOTHING, after: Intent = NOTHING, **more) -> str:
    return markdown(Comparison("pi-cluster", "main", before, after, **more))


def test_nothing_changed_is_said_in_three_lines():
    text = comment(intent(), intent())
    assert "Every rule is kept." in text
    assert "No resource changes." in text
    assert "No Kubernetes object changes." in text


def test_a_changed_value_is_shown_with_its_path():
    text = comment(intent(), intent("384Mi"))
    path = "values.global.proxy.resources.limits.memory"
    assert f"| `istiod` (Release) | update | `{path}`: `256Mi` → `384Mi` |" in text


def test_new_and_gone_resources_are_told_apart():
    assert "| `istiod` (Release) | create |" in comment(after=intent())
    assert "| `istiod` (Release) | delete |" in comment(before=intent())


def test_many_changed_values_are_counted_not_listed():
    before, after = (
        Intent({"urn": Resource("t:T", "many", {str(key): side for key in range(11)})}, {}) for side in (1, 2)
    )
    assert "and 3 more" in comment(before, after)


def test_a_broken_rule_stands_above_everything_else():
    text = comment(intent(), intent(violations=(Violation("pi-ceiling", "mandatory", "istiod", "too\nfat"),)))
    assert "- **mandatory** `pi-ceiling` on `istiod`: too fat" in text
    assert text.index("pi-ceiling") < text.index("### Resources")
    assert "Every rule is kept" not in text


def test_a_program_that_fails_is_not_called_compliant():
    text = comment(intent(), intent(errors=("1 problem in the stack's settings",)))
    assert "> :x: 1 problem in the stack's settings" in text
    assert "Every rule is kept" not in text


def test_the_budget_shows_both_sides_and_marks_what_changes():
    before, after = ({"budget": {"mesh": "384Mi", "sidecar": size}} for size in ("256Mi", "384Mi"))
    text = comment(Intent({}, before), Intent({}, after))
    assert "| mesh | 384Mi | 384Mi |" in text
    assert "| sidecar | 256Mi | **384Mi** |" in text


def test_what_was_not_checked_is_listed():
    assert "### Not checked\n- The cluster" in comment(unknown=["The cluster"])


def test_an_object_is_folded_with_its_diff():
    text = comment(objects_before={"Deployment a/b": "x: 1\ny: 2\n"}, objects_after={"Deployment a/b": "x: 1\ny: 3\n"})
    assert "<summary>update Deployment a/b</summary>" in text
    assert "-y: 2\n+y: 3" in text


def test_the_longest_diffs_give_way_to_githubs_limit():
    objects = {"CustomResourceDefinition big": "line\n" * LIMIT, "Deployment small": "x: 1\n"}
    text = comment(objects_after=objects)
    assert len(text) < LIMIT
    assert "- CustomResourceDefinition big: too long to show here" in text
    assert "+x: 1" in text


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", 1, 2)]),
        ({"a": 1}, {"b": 1}, [("a", 1, None), ("b", None, 1)]),
        ({"a": [1]}, {"a": [1, 2]}, [("a", [1], [1, 2])]),
    ],
)
def test_leaves_are_what_differs(before, after, found):
    assert list(changes.leaves(before, after)) == found


def test_plain_objects_of_the_program_are_compared_too():
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "trading"}}
    side = Intent({"urn": Resource("kubernetes:core/v1:Namespace", "trading", namespace)}, {})
    assert list(rendered.objects(side, None)) == ["Namespace trading"]


def test_a_secret_shows_its_keys_only():
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "cacerts"},
        "stringData": {"ca-key.pem": "MHc"},
    }
    text = rendered.objects(Intent({"urn": Resource("kubernetes:core/v1:Secret", "c", secret)}, {}), None)[
        "Secret cacerts"
    ]
    assert "ca-key.pem: '[secret]'" in text
    assert "MHc" not in text
