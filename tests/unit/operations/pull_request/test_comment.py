"""The comment's section on the mesh's use of the Pis, on both sides."""

from operations.pull_request import comment, manifests
from operations.pull_request.checkout import Revision
from operations.pull_request.comment import LIMIT
from operations.pull_request.compare import Comparison
from operations.pull_request.engine import NOTHING, Intent, Resource, Step, Violation
from operations.pull_request.manifests import Consequences
from operations.pull_request.relaxations import Relaxations, Rule
from operations.pull_request.sides import Side


def row(limits: str) -> dict[str, str]:
    return {"pods": "1", "requests": "1m / 1Mi", "limits": limits, "more in a rollout": ""}


BEFORE = {"egress gateway": row("a"), "sidecar": row("256Mi"), "istiod": row("x"), "room": "Room for 81 more on 3 Pis."}


def test_a_changed_row_shows_both_sides_and_the_others_are_folded():
    shown, _, others = comment.changed_rows(BEFORE, {**BEFORE, "sidecar": row("384Mi")}).partition("<details>")
    assert "| sidecar | 1 | 1m / 1Mi | 256Mi → **384Mi** |  |" in shown
    assert "istiod" not in shown
    assert "2 other rows, unchanged" in others
    assert "| istiod |" in others


def test_a_removed_row_is_shown_as_removed_and_a_new_one_as_new():
    after = {"sidecar": BEFORE["sidecar"], "istiod": BEFORE["istiod"], "ingress": row("b"), "room": BEFORE["room"]}
    text = comment.changed_rows(BEFORE, after)
    assert "| **egress gateway** (removed) | 1 → **nothing** | 1m / 1Mi → **nothing** | a → **nothing** |  |" in text
    assert "| **ingress** (new) | 1 | 1m / 1Mi | b |  |" in text


def test_the_whole_budget_is_shown_as_removed_where_it_goes():
    assert "| **sidecar** (removed) |" in comment.changed_rows(BEFORE, {})


def test_an_unchanged_budget_is_folded_whole():
    text = comment.changed_rows(BEFORE, BEFORE)
    assert text.startswith("<details><summary>Budget: unchanged</summary>")
    assert "Room for 81 more on 3 Pis." in text


def test_of_the_old_sentence_only_the_word_that_differs_is_repeated():
    text = comment.changed_rows(BEFORE, {**BEFORE, "room": "Room for 82 more on 3 Pis."})
    assert "Room for 82 more on 3 Pis. (Before: 81)" in text
    text = comment.changed_rows(BEFORE, {**BEFORE, "room": "It does NOT fit."})
    assert "It does NOT fit. (Before: Room for 81 more on 3 Pis.)" in text


def test_without_a_budget_there_is_no_section():
    assert comment.changed_rows({}, {}) == ""


ROOM = 10_000


def section(before: dict[str, str], after: dict[str, str], *restarts: str) -> str:
    return comment.folded_diffs(manifests.changes_between(before, after), ROOM, restarts)


def test_an_object_is_folded_with_its_diff_and_its_count_of_lines():
    text = section({"Deployment a/b": "x: 1\ny: 2\n"}, {"Deployment a/b": "x: 1\ny: 3\n"})
    assert "<summary>update Deployment a/b (+1 -1)</summary>" in text
    assert "-y: 2\n+y: 3" in text


def labelled(version: str) -> dict[str, str]:
    return {"Role a/b": f"labels:\n  helm.sh/chart: gateway-{version}\n"}


def test_objects_that_only_wear_a_new_version_are_counted():
    text = section(labelled("1.20.3"), labelled("1.20.7"))
    assert text == "1 Kubernetes object, 1 only in version labels."


def test_a_workload_whose_pods_restart_for_a_label_is_shown():
    assert "update Role a/b (+1 -1)" in section(labelled("1.20.3"), labelled("1.20.7"), "Role a/b")


def test_without_changes_there_is_no_section():
    assert section({"a": "1"}, {"a": "1"}) == ""


REVISION = Revision("main", "abc1234", "`def5678`", "https://host/runs/1", ("Pulumi.pi-cluster.yaml",))
OLD, NEW = (Resource("kubernetes:helm.sh/v3:Release", "istiod", {"version": version}) for version in ("1", "2"))
UPDATE = Step("update", OLD, NEW)
BREACH = Violation("pi-ceiling", "mandatory", "istiod", "Every limit.\ntoo fat")


def intent(*steps: Step, **more) -> Intent:
    return Intent({}, {}, steps=steps, **more)


def section_of_comment(
    before: Intent | Side = NOTHING, after: Intent | Side = NOTHING, limit: int = LIMIT, **more
) -> str:
    old, new = (one if isinstance(one, Side) else Side(intent=one) for one in (before, after))
    old = Side(
        old.config, old.intent, old.objects, old.rules or {"pi-ceiling": Rule("mandatory", {})}, None, old.unknown
    )
    return comment.whole_comment([Comparison("pi-cluster", old, new, **more)], REVISION, limit)


def test_it_begins_with_its_hidden_mark_and_the_verdict():
    text = section_of_comment(after=intent(UPDATE))
    assert text.startswith("<!-- pi-mesh preview pi-cluster -->\n### pi-cluster: updates 1 release\n")


def test_nothing_changed_is_said_in_the_verdict_and_little_else():
    text = section_of_comment()
    assert "### pi-cluster: No change to the cluster\n" in text
    assert "####" not in text
    assert "After the merge" not in text


def test_commits_run_and_next_command_stand_together():
    assert (
        "After the merge: `pulumi up -s pi-cluster` · 1 rule of main is kept · "
        "Compared `abc1234` (main) with `def5678` · [run](https://host/runs/1)"
    ) in section_of_comment(after=intent(UPDATE))


def test_what_is_relaxed_stands_first_then_what_is_broken_then_new_warnings():
    text = section_of_comment(
        after=intent(UPDATE, violations=(BREACH,), warnings=("careful",)),
        relaxations=Relaxations({"pi-ceiling": ("Rule `pi-ceiling` is disabled.",)}),
    )
    headings = [line for line in text.splitlines() if line.startswith("#### ")]
    assert headings == ["#### Relaxed by this pull request", "#### Rules broken", "#### New warnings"]
    assert "- **mandatory** `pi-ceiling` on `istiod`: too fat" in text


def test_a_budget_that_is_not_known_is_not_said_to_be_removed():
    budget = {"istiod": {"pods": "1", "requests": "x", "limits": "x", "more in a rollout": ""}, "room": "Room."}
    before, after = Side(budget=budget), Side(intent=intent(errors=("istio.a: is not a setting",)))
    text = comment.whole_comment([Comparison("pi-cluster", before, after)], REVISION)
    assert "Budget" not in text
    assert "removed" not in text


def test_nobody_is_told_to_apply_what_is_refused():
    assert "pulumi up -s" not in section_of_comment(after=intent(UPDATE, violations=(BREACH,)))


def test_nobody_is_told_to_apply_what_preflight_refuses():
    found = Comparison("pi-cluster", Side(), Side(intent=intent(UPDATE)))
    found.__dict__["consequences"] = Consequences(lost_control_plane="istio-system")
    assert "pulumi up -s" not in comment.whole_comment([found], REVISION)


def test_each_problem_of_the_settings_is_a_line_and_nothing_is_guessed():
    error = "2 problems in the stack's settings:\n  istio.a: is not a setting\n  istio.b: is not a setting"
    text = section_of_comment(intent(UPDATE), intent(errors=(error,)))
    assert "**does not preview**, 2 errors · its changes are unknown" in text
    assert "- istio.a: is not a setting\n- istio.b: is not a setting\n" in text
    assert "delete" not in text
    assert "No rule was applied" in text


def test_a_warning_of_the_base_is_folded_also_where_it_names_another_version():
    text = section_of_comment(intent(warnings=("1.20.3 is old",)), intent(warnings=("1.20.7 is old", "new")))
    assert "#### New warnings\n- new\n" in text
    assert "<summary>1 warning that the base has too</summary>\n\n- 1.20.7 is old\n" in text


def test_that_we_gave_no_kubeconfig_is_no_warning():
    assert "kubeconfig" not in section_of_comment(after=intent(warnings=("no kubeconfig in /dev/null",)))


def test_what_was_not_checked_is_folded():
    text = section_of_comment(
        Side(intent=intent(errors=("bad",)), unknown=("helm is not on PATH",)),
        Side({"pi-mesh:vault": {"enabled": True}}),
        charts_at_hand=True,
    )
    told = text.partition("things not checked</summary>\n\n")[2].splitlines()[:5]
    assert [line.partition(",")[0].partition(":")[0] for line in told] == [
        "- The live cluster and Vault",
        "- The chart source",
        "- The CA in Vault",
        "- The base",
        "- helm is not on PATH",
    ]


def test_a_base_without_rules_is_told():
    text = comment.whole_comment([Comparison("pi", Side(), Side(intent=intent(UPDATE)))], REVISION)
    assert "main has no rules: the pull request's own rules were applied" in text


def test_documentation_alone_takes_one_line():
    text = comment.documentation_comment(["a", "b"], Revision("main", "abc", "`def`", None, ("README.md",)))
    assert text.splitlines() == [
        "<!-- pi-mesh preview a -->",
        "<!-- pi-mesh preview b -->",
        "**No change to the cluster**: only documentation and tests change (1 file). Compared `abc` (main) with `def`",
    ]


def test_several_stacks_are_several_sections():
    compared = [Comparison(stack, Side(), Side()) for stack in ("a", "b")]
    text = comment.whole_comment(compared, REVISION)
    assert [line for line in text.splitlines() if line.startswith(("<!--", "### "))] == [
        "<!-- pi-mesh preview a -->",
        "### a: No change to the cluster",
        "<!-- pi-mesh preview b -->",
        "### b: No change to the cluster",
    ]


def test_the_longest_diffs_give_way_to_githubs_limit():
    objects = {"CustomResourceDefinition big": "line\n" * LIMIT, "Deployment small": "x: 1\n"}
    text = section_of_comment(after=Side(objects=objects))
    assert len(text) < LIMIT
    assert f"- create CustomResourceDefinition big (+{LIMIT} -0): too long for a comment" in text
    assert "+x: 1" in text


def test_several_stacks_share_githubs_limit():
    objects = {f"ConfigMap {name}": "line\n" * 8_000 for name in "abc"}
    compared = [Comparison(stack, Side(), Side(objects=objects)) for stack in ("a", "b")]
    assert len(comment.whole_comment(compared, REVISION)) < LIMIT
