"""A change of Istio's version in a pull request."""

import json
import subprocess

import pytest

from operations.pull_request import checkout, effects, engine, sides
from operations.pull_request import compare as pull_request_compare
from operations.pull_request.compare import Comparison
from operations.pull_request.engine import Intent, Resource, Violation
from operations.pull_request.sides import Side
from tests.support.factories import pulumi_config


def comparison(before: dict, after: dict) -> Comparison:
    sides = (Side(config(istio), Intent({}, {})) for istio in (before, after))
    return Comparison("pi", *sides)


def config(istio: dict) -> dict:
    return pulumi_config(istio=istio) if istio else {}


def test_a_change_that_up_refuses_is_in_the_verdict_and_explained():
    found = comparison({"version": "1.28.0"}, {"version": "1.31.0"})
    assert effects.verdict(found) == (
        "**takes Istio from 1.28.0 to 1.31.0, which `up` refuses** · No change to the cluster"
    )
    (line,) = effects.effect_lines(found)
    assert line.startswith("`istio.version` goes from 1.28.0 to 1.31.0 in one step: Istio supports one minor version")
    assert "1.29, 1.30, 1.31" in line


def test_one_that_the_pull_request_allows_is_still_told():
    found = comparison({"version": "1.31.0"}, {"version": "1.30.0", "allowSkip": True})
    assert effects.verdict(found).startswith("**takes Istio from 1.31.0 to 1.30.0** · ")


@pytest.mark.parametrize(
    ("before", "after"),
    [({"version": "1.30.0"}, {"version": "1.31.0"}), ({}, {"version": "1.31.0"}), ({"version": "1.31.0"}, {"x": 1})],
)
def test_a_step_that_istio_supports_a_new_stack_and_settings_that_do_not_parse_are_not_judged(before, after):
    assert effects.verdict(comparison(before, after)) == "No change to the cluster"


RELEASE = Resource("kubernetes:core/v1:Namespace", "istiod", {"kind": "Namespace", "metadata": {"name": "x"}})
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
STATE = {"resources": ["the base's"]}
PACK = """\
from types import SimpleNamespace as Any
RULES = [Any(name="ceiling", level=Any(value="mandatory"), bounds=lambda _: {})]
"""


def git(folder, *arguments):
    subprocess.run(["git", "-C", folder, *IDENTITY, *arguments], check=True)


@pytest.fixture
def repository(tmp_path):
    """Return a stack with a policy pack, committed on main, and a branch."""
    files = {"Pulumi.yaml": "name: x", "Pulumi.pi.yaml": "config: {}", "policies/PulumiPolicy.yaml": ""}
    files |= {"policies/rules.py": PACK, "policies/config/pi.json": "{}", "policies/__init__.py": ""}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=base")
    git(tmp_path, "checkout", "--quiet", "-b", "change")
    return tmp_path


@pytest.fixture
def previews(monkeypatch):
    """Return the previews: each one's program, its policy config, and its state."""
    calls = []

    def preview(side, judge=None, deployed=None) -> Intent:
        bounds = judge and (judge.bounds.read_text() if judge.bounds.exists() else "none")
        calls.append((side.folder.name, judge and judge.folder.name, bounds, deployed))
        broken = (Violation(judge.folder.name, "advisory", "x", ""),) if judge else ()
        return Intent({"urn": RELEASE}, {}, broken, state=STATE)

    monkeypatch.setattr(engine, "preview", preview)
    monkeypatch.setattr(sides.manifests, "rendered_objects", lambda *_: {})
    return calls


def compare(repository):
    return pull_request_compare.comparison(repository, "pi", checkout.compared_revision(repository, "main"), "")


def test_the_base_judges_and_the_engine_compares_with_the_bases_state(repository, previews):
    (repository / "Pulumi.pi.yaml").write_text("config: {a:b: 1}")
    compare(repository)
    assert previews == [("base", None, None, None), ("pull-request", "base", "{}", STATE)]


def test_a_disabled_rule_still_judges_and_is_told_first(repository, previews):
    (repository / "policies" / "config" / "pi.json").write_text(json.dumps({"ceiling": "disabled"}))
    found = compare(repository)
    assert previews[1] == ("pull-request", "base", "{}", STATE)
    assert found.relaxations.lines == ("Rule `ceiling` is disabled, no longer mandatory.",)


def test_changed_rules_judge_too_and_only_add(repository, previews):
    (repository / "policies" / "config" / "pi.json").write_text("{ }")
    found = compare(repository)
    assert previews[2][:3] == ("pull-request", "pull-request", "{ }")
    assert [violation.policy for violation in found.violations] == ["base", "pull-request"]


def test_a_deleted_pack_still_judges(repository, previews):
    (repository / "policies" / "PulumiPolicy.yaml").unlink()
    found = compare(repository)
    assert previews[1][1] == "base"
    assert found.relaxations.lines == ("The policy pack is deleted, and with it 1 rule.",)


@pytest.mark.usefixtures("previews")
def test_a_pack_that_no_longer_loads_relaxes_every_rule(repository):
    (repository / "policies" / "rules.py").write_text("1 / 0")
    (line,) = compare(repository).relaxations.lines
    assert line.startswith("No rule judges after the merge: the policy pack does not load: ZeroDivisionError")
