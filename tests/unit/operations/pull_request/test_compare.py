"""The comparison of a pull request with its base: the judging rules, Istio's version, and the room on the Pis."""

import pytest

from operations.pull_request import checkout, compare, effects, engine, sides
from operations.pull_request.compare import Comparison
from operations.pull_request.engine import Intent, Resource, Violation
from operations.pull_request.sides import Side
from tests.support.factories import pulumi_config
from tests.support.files import git, make_repository
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR


def versions(*istio: dict) -> Comparison:
    return Comparison("pi", *(Side(pulumi_config(istio=settings) if settings else {}) for settings in istio))


OLD, *PATH = (f"1.{NEWEST_MINOR - back}" for back in (3, 2, 1, 0))
REFUSED = f"**takes Istio from {OLD}.0 to {NEWEST}, which `up` refuses** · "
IN_ONE_STEP = f"`istio.version` goes from {OLD}.0 to {NEWEST} in one step: Istio supports one minor"


@pytest.mark.parametrize(("before", "after", "verdict", "line"), [
    ({"version": f"{OLD}.0"}, {"version": NEWEST}, REFUSED, f"{IN_ONE_STEP}|{', '.join(PATH)}"),
    ({"version": NEWEST}, {"version": BEFORE, "allowSkip": True}, f"**takes Istio from {NEWEST} to {BEFORE}** · ",
     f"`istio.version` goes back from {NEWEST} to {BEFORE}"),
    ({"version": BEFORE}, {"version": NEWEST}, "", ""),
    pytest.param({}, {"version": NEWEST}, "", "", id="a new stack"),
    pytest.param({"version": NEWEST}, {"x": 1}, "", "", id="settings that do not parse"),
])  # fmt: skip
def test_only_an_unsupported_step_is_judged_also_where_the_pull_request_allows_it(before, after, verdict, line):
    comparison = versions(before, after)
    assert effects.verdict(comparison) == f"{verdict}No change to the cluster"
    assert [word for word in line.split("|") if word not in "".join(effects.effect_lines(comparison))] == []


def test_the_room_on_the_pis_is_told_where_it_changes():
    before, after = (pulumi_config(istio={"version": NEWEST, "pilotReplicas": number}) for number in (1, 2))
    assert Comparison("pi", Side(before), Side(after)).room.startswith("Room for 80 more sidecars on 3 empty Pis")
    assert Comparison("pi", Side(before), Side(before)).room == ""


STATE = {"resources": ["the base's"]}
PACK = """\
from types import SimpleNamespace as Any
RULES = [Any(name="ceiling", level=Any(value="mandatory"), bounds=lambda _: {})]
"""


@pytest.fixture
def repository(tmp_path):
    """Return a stack with a policy pack, committed on main, and a branch."""
    files = {"Pulumi.yaml": "name: x", "Pulumi.pi.yaml": "config: {}", "policies/PulumiPolicy.yaml": ""}
    files |= {"policies/rules.py": PACK, "policies/config/pi.json": "{}", "policies/__init__.py": ""}
    git(make_repository(tmp_path, files), "checkout", "-b", "change")
    return tmp_path


@pytest.fixture
def previews(monkeypatch):
    """Return the previews: each one's program, its policy config, and its state."""
    calls = []

    def preview(side, judge=None, deployed=None) -> Intent:
        bounds = judge and (judge.bounds.read_text() if judge.bounds.exists() else "none")
        calls.append((side.folder.name, judge and judge.folder.name, bounds, deployed))
        broken = (Violation(judge.folder.name, "advisory", "x", ""),) if judge else ()
        return Intent({"urn": Resource("x:y:Z", "x", {})}, broken, state=STATE)

    monkeypatch.setattr(engine, "preview", preview)
    monkeypatch.setattr(sides.manifests, "rendered_objects", lambda *_: {})
    return calls


TOO = ("pull-request", "pull-request")
DISABLED = "Rule `ceiling` is disabled, no longer mandatory."
BROKEN = "No rule judges after the merge: the policy pack does not load: ZeroDivisionError: division by zero."


@pytest.mark.parametrize(("file", "text", "own", "relaxed"), [
    ("Pulumi.pi.yaml", "config: {a:b: 1}", [], ()),
    ("policies/config/pi.json", "{ }", [(*TOO, "{ }", None)], ()),
    ("policies/config/pi.json", '{"ceiling": "disabled"}', [(*TOO, '{"ceiling": "disabled"}', None)], (DISABLED,)),
    ("policies/PulumiPolicy.yaml", None, [(*TOO, "{}", None)], ("The policy pack is deleted, and with it 1 rule.",)),
    ("policies/rules.py", "1 / 0", [(*TOO, "{}", None)], (BROKEN,)),
])  # fmt: skip
def test_the_base_judges_with_its_state_and_changed_rules_only_add(repository, previews, file, text, own, relaxed):
    (repository / file).unlink() if text is None else (repository / file).write_text(text)
    comparison = compare.comparison(repository, "pi", checkout.compared_revision(repository, "main"), "")
    assert previews == [("base", None, None, None), ("pull-request", "base", "{}", STATE), *own]
    assert [violation.policy for violation in comparison.violations] == ["base", *(["pull-request"] if own else [])]
    assert comparison.relaxations.lines == relaxed
