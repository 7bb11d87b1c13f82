"""The comment on a pull request: its sections, their order and their length."""

from dataclasses import replace
from itertools import chain

import pytest

from operations.pull_request import comment, manifests
from operations.pull_request.checkout import Revision
from operations.pull_request.comment import LIMIT
from operations.pull_request.compare import Comparison
from operations.pull_request.engine import Intent, Step, Violation
from operations.pull_request.manifests import Consequences
from operations.pull_request.relaxations import Relaxations, Rule
from operations.pull_request.sides import Side
from tests.support.versions import BEFORE, NEWEST


def labelled(version: str) -> dict[str, str]:
    return {"Role a/b": f"labels:\n  helm.sh/chart: gateway-{version}\n"}


PLAIN = {"Deployment a/b": "x: 1\ny: 2\n"}, {"Deployment a/b": "x: 1\ny: 3\n"}
RELABELLED = labelled(BEFORE), labelled(NEWEST)


@pytest.mark.parametrize(("objects", "restarts", "says"), [
    pytest.param(PLAIN, (), "update Deployment a/b (+1 -1)</summary>", id="an object has its count of lines"),
    pytest.param(PLAIN, (), "-y: 2\n+y: 3", id="an object has its diff"),
    pytest.param(RELABELLED, (), "1 Kubernetes object, 1 only in version labels.", id="new labels only"),
    pytest.param(RELABELLED, ("Role a/b",), "update Role a/b (+1 -1)", id="a label that restarts pods is shown"),
])  # fmt: skip
def test_changed_objects_are_folded(objects, restarts, says):
    text = comment.folded_diffs(manifests.changes_between(*objects), 10_000, restarts)
    assert says in text
    assert text.startswith("<details><summary>1 Kubernetes object<") or text == says


REVISION = Revision("main", "abc1234", "`def5678`", "https://host/runs/1", ("Pulumi.pi-cluster.yaml",))
CREATE, UPDATE, DELETE = (Step(verb, "Release", "istiod", "istiod") for verb in ("create", "update", "delete"))
REPLACE = Step("replace", "Release", "istiod", "istiod", ("name", "chart"))
RESOURCES = "| resource | change |\n|---|---|\n| `istiod` (Release) |"
BREACH = Violation("pi-ceiling", "mandatory", "istiod", "Every limit.\ntoo fat")
PROBLEMS = "2 problems in the stack's settings:\n  istio.a: is not a setting\n  istio.b: is not a setting"


def side(*steps: Step, unknown: tuple[str, ...] = (), config: dict | None = None, **intent) -> Side:
    return Side(config or {}, Intent({}, steps=steps, **intent), unknown=unknown)


def section(before: Side, after: Side, consequences: Consequences | None = None, **more) -> str:
    """Return the section of a stack whose base has one rule."""
    known = replace(before, rules={"pi-ceiling": Rule("mandatory", {})})
    comparison = Comparison("pi-cluster", known, after, **more)
    if consequences:
        comparison.__dict__["consequences"] = consequences
    return comment.whole_comment([comparison], REVISION)


@pytest.mark.parametrize(("after", "says"), [
    (side(), "<!-- pi-mesh preview pi-cluster -->\n### pi-cluster: No change to the cluster\n"),
    (side(UPDATE), "<!-- pi-mesh preview pi-cluster -->\n### pi-cluster: updates 1 release\n"),
    (side(UPDATE), f"After the merge: `pulumi up -s pi-cluster` · 1 rule of main is kept · {REVISION}"),
    (side(UPDATE, violations=(BREACH,)), "- **mandatory** `pi-ceiling` on `istiod`: too fat"),
    (side(UPDATE, violations=(BREACH,)), "\n1 rule of main has judged · Compared"),
    (side(errors=(PROBLEMS,)), "**does not preview**, 2 errors · its changes are unknown"),
    (side(errors=(PROBLEMS,)), "- istio.a: is not a setting\n- istio.b: is not a setting\n"),
    (side(errors=(PROBLEMS,)), "\nNo rule was applied · Compared"),
    (side(warnings=(f"{NEWEST} is old", "new")), "#### New warnings\n- new\n"),
    (side(warnings=(f"{NEWEST} is old",)), f"<summary>1 warning that the base has too</summary>\n\n- {NEWEST} is"),
    (side(UPDATE), f"<summary>1 resource of the stack</summary>\n\n{RESOURCES} update |\n\n</details>"),
    (side(REPLACE), f"{RESOURCES} **replace** (for `name`, `chart`) |\n"),
    (side(CREATE), f"{RESOURCES} create |\n"),
    (side(DELETE), f"{RESOURCES} delete |\n"),
])  # fmt: skip
def test_a_section_tells(after, says):
    assert says in section(side(warnings=(f"{BEFORE} is old",)), after)


@pytest.mark.parametrize(("after", "more", "hides"), [
    (side(), {}, "####"),
    (side(), {}, "After the merge"),
    (side(), {}, "of the stack"),
    (side(UPDATE, config={"pi-mesh:a": 1}), {}, "`pi-mesh:a`"),
    (side(UPDATE, violations=(BREACH,)), {}, "pulumi up -s"),
    (side(UPDATE), {"consequences": Consequences(lost_control_plane="istio-system")}, "pulumi up -s"),
    (side(warnings=("no kubeconfig in /dev/null",)), {}, "kubeconfig"),
])  # fmt: skip
def test_a_section_hides_what_is_not_so(after, more, hides):
    assert hides not in section(side(), after, **more)


def test_what_is_relaxed_stands_first_then_what_is_broken_then_new_warnings():
    relaxed = Relaxations({"pi-ceiling": ("Rule `pi-ceiling` is disabled.",)})
    text = section(side(), side(UPDATE, violations=(BREACH,), warnings=("careful",)), relaxations=relaxed)
    headings = [line for line in text.splitlines() if line.startswith("#### ")]
    assert headings == ["#### Relaxed by this pull request", "#### Rules broken", "#### New warnings"]


def test_what_was_not_checked_is_folded():
    before = side(errors=("bad",), unknown=("helm is not on PATH",))
    text = section(before, side(config={"pi-mesh:vault": {"enabled": True}}), charts_at_hand=True)
    lines = text.partition("<summary>5 things not checked</summary>\n\n")[2].splitlines()[:5]
    parts = ("The live cluster and Vault,", "The chart source:", "The CA in Vault:", "The base,", "helm is not on PATH")
    for line, part in zip(lines, parts, strict=True):
        assert line.startswith(f"- {part}")


def test_a_base_without_rules_is_told():
    text = comment.whole_comment([Comparison("pi", Side(), side(UPDATE))], REVISION)
    assert "main has no rules: the pull request's own rules were applied" in text


ONLY = "only documentation and tests change (1 file)"


@pytest.mark.parametrize(("files", "reason"), [(("README.md",), ONLY), ((), "nothing is changed")])
def test_documentation_alone_takes_one_line(files, reason):
    text = comment.documentation_comment(["a", "b"], Revision("main", "abc", "`def`", None, files))
    marks = "<!-- pi-mesh preview a -->\n<!-- pi-mesh preview b -->\n"
    assert text == f"{marks}**No change to the cluster**: {reason}. Compared `abc` (main) with `def`\n"


def test_several_stacks_are_several_sections():
    text = comment.whole_comment([Comparison(stack, Side(), Side()) for stack in ("a", "b")], REVISION)
    sections = [[comment.marker(stack), f"### {stack}: No change to the cluster"] for stack in "ab"]
    assert [line for line in text.splitlines() if line.startswith(("<!--", "### "))] == [*chain(*sections)]


def test_the_longest_diffs_give_way_to_githubs_limit():
    objects = {"CustomResourceDefinition big": "line\n" * LIMIT, "Deployment small": "x: 1\n"}
    text = section(Side(), Side(objects=objects))
    assert len(text) < LIMIT
    assert f"- create CustomResourceDefinition big (+{LIMIT} -0): too long for a comment" in text
    assert "+x: 1" in text


def test_several_stacks_share_githubs_limit():
    objects = {f"ConfigMap {name}": "line\n" * 8_000 for name in "abc"}
    compared = [Comparison(stack, Side(), Side(objects=objects)) for stack in ("a", "b")]
    assert len(comment.whole_comment(compared, REVISION)) < LIMIT
