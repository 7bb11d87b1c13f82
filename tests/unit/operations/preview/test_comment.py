"""What the comment on a pull request says."""

from operations.preview.checkout_side import Side
from operations.preview.comment import LIMIT, Comparison, markdown
from operations.preview.engine_result import NOTHING, Intent, Resource, Violation

RELEASE = "kubernetes:helm.sh/v3:Release"


def intent(memory: str = "256Mi", **more) -> Intent:
    values = {"global": {"proxy": {"resources": {"limits": {"memory": memory}}}}}
    return Intent({"urn:istiod": Resource(RELEASE, "istiod", {"chart": "istiod", "values": values})}, {}, **more)


def comment(before: Intent | Side = NOTHING, after: Intent | Side = NOTHING, **more) -> str:
    sides = (one if isinstance(one, Side) else Side(intent=one) for one in (before, after))
    return markdown(Comparison("pi-cluster", "main", *sides, **more))


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


def test_as_many_changed_values_as_there_is_room_for_are_all_listed():
    before, after = (
        Intent({"urn": Resource("t:T", "some", {str(key): side for key in range(8)})}, {}) for side in (1, 2)
    )
    assert "more" not in comment(before, after).partition("### Resources")[2].partition("###")[0]


def test_the_comment_begins_with_what_it_is_about():
    assert comment().startswith("<!-- preview of pi-cluster -->\n## Preview of `pi-cluster`, against `main`\n")


def test_a_base_that_does_not_preview_is_told():
    assert "- The base branch, which does not preview: bad" in comment(before=intent(errors=("bad",)))


def test_a_broken_rule_stands_above_everything_else():
    text = comment(
        intent(), intent(violations=(Violation("pi-ceiling", "mandatory", "istiod", "Every limit.\ntoo fat"),))
    )
    assert "- **mandatory** `pi-ceiling` on `istiod`: too fat" in text
    assert text.index("pi-ceiling") < text.index("### Resources")
    assert "Every rule is kept" not in text


def test_a_program_that_fails_is_not_called_compliant():
    text = comment(intent(), intent(errors=("1 problem in the stack's settings",)))
    assert "> :x: 1 problem in the stack's settings" in text
    assert "Every rule is kept" not in text


def test_a_program_that_fails_deletes_nothing():
    text = comment(intent(), Intent({}, {}, errors=("bad",)))
    assert "delete" not in text
    assert "No Kubernetes object changes" not in text


def test_the_budget_shows_both_sides_where_it_changes():
    before, after = (
        {"budget": {"sidecar": {"pods": "1", "limits": size}, "room": room}}
        for size, room in (("256Mi", "9"), ("384Mi", "6"))
    )
    text = comment(Intent({}, before), Intent({}, after))
    assert "| sidecar | 1 |  | 256Mi → **384Mi** |  |" in text
    assert "\n\n9 → **6**\n" in text


def test_what_was_not_checked_is_listed():
    text = comment(
        Side(unknown=("helm is not on PATH",)), Side({"pi-mesh:vault": {"enabled": True}}), charts_at_hand=True
    )
    told = text.partition("### Not checked\n")[2].splitlines()[:4]
    assert [line.partition(",")[0].partition(":")[0] for line in told] == [
        "- The live cluster and Vault",
        "- The chart source",
        "- The CA in Vault",
        "- helm is not on PATH",
    ]


def test_a_changed_setting_is_shown_with_its_key():
    text = comment(Side({"pi-mesh:istio": {"version": "1.20.3"}}), Side({"pi-mesh:istio": {"version": "1.20.7"}}))
    assert "| `pi-mesh:istio.version` | `1.20.3` | `1.20.7` |" in text


def test_a_warning_is_listed_but_not_that_we_gave_no_kubeconfig():
    text = comment(after=intent(warnings=("1.20 is past its end of life", "no kubeconfig in /dev/null")))
    assert "### Warnings\n- 1.20 is past its end of life" in text
    assert "kubeconfig" not in text


def test_an_object_is_folded_with_its_diff():
    text = comment(*(Side(objects={"Deployment a/b": f"x: 1\ny: {value}\n"}) for value in (2, 3)))
    assert "<summary>update Deployment a/b</summary>" in text
    assert "-y: 2\n+y: 3" in text


def test_the_longest_diffs_give_way_to_githubs_limit():
    objects = {"CustomResourceDefinition big": "line\n" * LIMIT, "Deployment small": "x: 1\n"}
    text = comment(after=Side(objects=objects))
    assert len(text) < LIMIT
    assert f"- create CustomResourceDefinition big: {LIMIT + 5} lines, too long for a comment" in text
    assert "+x: 1" in text


def test_objects_that_only_wear_a_new_version_are_counted():
    before, after = ({"Role a/b": f"labels:\n  helm.sh/chart: gateway-{version}\n"} for version in ("1.20.3", "1.20.7"))
    text = comment(Side(objects=before), Side(objects=after))
    assert "1 Kubernetes objects change, 1 of them only in their version labels." in text
    assert "Role a/b" not in text
