"""The comment on a pull request."""

from operations.preview import comment
from operations.preview.checkout_side import Side
from operations.preview.comment import LIMIT
from operations.preview.comparison import Comparison
from operations.preview.consequences import Consequences
from operations.preview.engine_result import NOTHING, Intent, Resource, Step, Violation
from operations.preview.relaxations import Relaxations
from operations.preview.revision import Revision
from operations.preview.rule_set import Rule

REVISION = Revision("main", "abc1234", "`def5678`", "https://host/runs/1", ("Pulumi.pi-cluster.yaml",))
OLD, NEW = (Resource("kubernetes:helm.sh/v3:Release", "istiod", {"version": version}) for version in ("1", "2"))
UPDATE = Step("update", OLD, NEW)
BREACH = Violation("pi-ceiling", "mandatory", "istiod", "Every limit.\ntoo fat")


def intent(*steps: Step, **more) -> Intent:
    return Intent({}, {}, steps=steps, **more)


def section(before: Intent | Side = NOTHING, after: Intent | Side = NOTHING, limit: int = LIMIT, **more) -> str:
    old, new = (one if isinstance(one, Side) else Side(intent=one) for one in (before, after))
    old = Side(
        old.config, old.intent, old.objects, old.rules or {"pi-ceiling": Rule("mandatory", {})}, None, old.unknown
    )
    return comment.markdown([Comparison("pi-cluster", old, new, **more)], REVISION, limit)


def test_it_begins_with_its_hidden_mark_and_the_verdict():
    text = section(after=intent(UPDATE))
    assert text.startswith("<!-- pi-mesh preview pi-cluster -->\n### pi-cluster: updates 1 release\n")


def test_nothing_changed_is_said_in_the_verdict_and_little_else():
    text = section()
    assert "### pi-cluster: No change to the cluster\n" in text
    assert "####" not in text
    assert "After the merge" not in text


def test_commits_run_and_next_command_stand_together():
    assert (
        "After the merge: `pulumi up -s pi-cluster` · 1 rule of main is kept · "
        "Compared `abc1234` (main) with `def5678` · [run](https://host/runs/1)"
    ) in section(after=intent(UPDATE))


def test_what_is_relaxed_stands_first_then_what_is_broken_then_new_warnings():
    text = section(
        after=intent(UPDATE, violations=(BREACH,), warnings=("careful",)),
        relaxations=Relaxations({"pi-ceiling": ("Rule `pi-ceiling` is disabled.",)}),
    )
    headings = [line for line in text.splitlines() if line.startswith("#### ")]
    assert headings == ["#### Relaxed by this pull request", "#### Rules broken", "#### New warnings"]
    assert "- **mandatory** `pi-ceiling` on `istiod`: too fat" in text


def test_a_budget_that_is_not_known_is_not_said_to_be_removed():
    budget = {"istiod": {"pods": "1", "requests": "x", "limits": "x", "more in a rollout": ""}, "room": "Room."}
    before, after = Side(budget=budget), Side(intent=intent(errors=("istio.a: is not a setting",)))
    text = comment.markdown([Comparison("pi-cluster", before, after)], REVISION)
    assert "Budget" not in text
    assert "removed" not in text


def test_nobody_is_told_to_apply_what_is_refused():
    assert "pulumi up -s" not in section(after=intent(UPDATE, violations=(BREACH,)))


def test_nobody_is_told_to_apply_what_preflight_refuses():
    found = Comparison("pi-cluster", Side(), Side(intent=intent(UPDATE)))
    found.__dict__["consequences"] = Consequences(lost_control_plane="istio-system")
    assert "pulumi up -s" not in comment.markdown([found], REVISION)


def test_each_problem_of_the_settings_is_a_line_and_nothing_is_guessed():
    error = "2 problems in the stack's settings:\n  istio.a: is not a setting\n  istio.b: is not a setting"
    text = section(intent(UPDATE), intent(errors=(error,)))
    assert "**does not preview**, 2 errors · its changes are unknown" in text
    assert "- istio.a: is not a setting\n- istio.b: is not a setting\n" in text
    assert "delete" not in text
    assert "No rule was applied" in text


def test_a_warning_of_the_base_is_folded_also_where_it_names_another_version():
    text = section(intent(warnings=("1.20.3 is old",)), intent(warnings=("1.20.7 is old", "new")))
    assert "#### New warnings\n- new\n" in text
    assert "<summary>1 warning that the base has too</summary>\n\n- 1.20.7 is old\n" in text


def test_that_we_gave_no_kubeconfig_is_no_warning():
    assert "kubeconfig" not in section(after=intent(warnings=("no kubeconfig in /dev/null",)))


def test_what_was_not_checked_is_folded():
    text = section(
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
    text = comment.markdown([Comparison("pi", Side(), Side(intent=intent(UPDATE)))], REVISION)
    assert "main has no rules: the pull request's own rules were applied" in text


def test_documentation_alone_takes_one_line():
    text = comment.documentation(["a", "b"], Revision("main", "abc", "`def`", None, ("README.md",)))
    assert text.splitlines() == [
        "<!-- pi-mesh preview a -->",
        "<!-- pi-mesh preview b -->",
        "**No change to the cluster**: only documentation and tests change (1 file). Compared `abc` (main) with `def`",
    ]


def test_several_stacks_are_several_sections():
    compared = [Comparison(stack, Side(), Side()) for stack in ("a", "b")]
    text = comment.markdown(compared, REVISION)
    assert [line for line in text.splitlines() if line.startswith(("<!--", "### "))] == [
        "<!-- pi-mesh preview a -->",
        "### a: No change to the cluster",
        "<!-- pi-mesh preview b -->",
        "### b: No change to the cluster",
    ]


def test_the_longest_diffs_give_way_to_githubs_limit():
    objects = {"CustomResourceDefinition big": "line\n" * LIMIT, "Deployment small": "x: 1\n"}
    text = section(after=Side(objects=objects))
    assert len(text) < LIMIT
    assert f"- create CustomResourceDefinition big (+{LIMIT} -0): too long for a comment" in text
    assert "+x: 1" in text


def test_several_stacks_share_githubs_limit():
    objects = {f"ConfigMap {name}": "line\n" * 8_000 for name in "abc"}
    compared = [Comparison(stack, Side(), Side(objects=objects)) for stack in ("a", "b")]
    assert len(comment.markdown(compared, REVISION)) < LIMIT
