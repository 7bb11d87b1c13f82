"""The notice of a `verify` to the owner: one issue or one file, while something is wrong.

The `gh` of these tests is a script: they do not reach GitHub.
"""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from operations import drift_notice, github
from tests.support.fake_gh import USER, FakeGh

RULE = {"id": "drift of releases", "kind": "clusterrole", "name": "istiod", "level": "error"}
RULE |= {"message": "rules[3] was added", "fix": "`kubectl patch`"}
PROXY = {**RULE, "id": "stale proxies", "level": "warning", "message": "is older", "fix": ""}
FINE = {**RULE, "level": "ok"}


def report(*findings: dict, status: int | None = None) -> dict:
    level = int(any(finding["level"] == "error" for finding in findings))
    said = ("the mesh is as the settings say", "the mesh is not as the settings say")[level]
    known = {"operation": "verify", "stack": "pi-cluster", "verdict": f"stack pi-cluster: {said}"}
    return {**known, "status": level if status is None else status, "findings": findings}


NOW = datetime(2026, 11, 26, tzinfo=UTC)
GOOD, BAD = report(FINE, PROXY), report(FINE, PROXY, RULE)


@pytest.fixture
def gh(tmp_path, monkeypatch) -> FakeGh:
    """Return the `gh` on PATH, of a repository without issues."""
    fake = FakeGh(tmp_path / "programs")
    fake.install()
    monkeypatch.setenv("PATH", fake.path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return fake


@pytest.fixture
def tell(monkeypatch, capsys):
    """Return `tell(report, "--issue")`: what the command prints about a report."""

    def run(content: object, option: str = "--issue") -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO(content if isinstance(content, str) else json.dumps(content)))
        drift_notice.main([option])
        return capsys.readouterr().out

    return run


def test_the_calls_that_no_rule_admits_are_counted_with_the_command_that_lists_them():
    text = drift_notice.text(report(RULE, {**PROXY, "id": "audit"}, {**FINE, "id": "audit"}), NOW)
    learn = "`python -m operations learn policies -s pi-cluster --diff`"
    assert f"- audit: calls without a rule: 1; {learn} lists them" in text.splitlines()
    assert "learn policies" not in drift_notice.text(BAD, NOW)


def test_drift_opens_one_issue_keeps_it_up_to_date_and_its_cure_closes_it(gh, tell):
    assert (tell(GOOD), gh.issues) == ("stack pi-cluster: the mesh is as the settings say\n", [])
    assert tell(BAD).startswith("issue 1 was opened: ")
    assert gh.issues[0]["title"] == "The mesh of stack pi-cluster is not as its settings say"
    assert tell(report(RULE, {**RULE, "name": "second"})).startswith("issue 1 was updated: ")
    assert ["second" in issue["body"] for issue in gh.issues] == [True]
    assert tell(GOOD).startswith("issue 1 was closed: ")
    assert [(one["state"], one["state_reason"]) for one in gh.issues] == [("closed", "completed")]
    issues = "repos/{owner}/{repo}/issues"
    closing = [arguments for arguments, _ in gh.calls][-4:]
    assert closing == [
        ["api", "--paginate", "--slurp", f"{issues}?state=open&per_page=100"],
        ["api", "user"],
        ["api", "--method", "POST", f"{issues}/1/comments", "--input", "-"],
        ["api", "--method", "PATCH", f"{issues}/1", "--input", "-"],
    ]
    assert tell(BAD).startswith("issue 2 was opened: ")
    assert gh.calls[-1][0] == ["api", "--method", "POST", issues, "--input", "-"]


def test_a_notice_has_the_worst_first_and_nothing_that_is_right():
    assert [line for line in drift_notice.text(BAD, NOW).splitlines() if line.startswith("- ")] == [
        "- error: drift of releases: clusterrole istiod: rules[3] was added. `kubectl patch`",
        "- warning: stale proxies: clusterrole istiod: is older",
    ]


def test_names_in_the_cluster_can_not_leave_the_fence(gh, tell):
    tell(report({**RULE, "name": "x```\n@everybody"}))
    assert gh.issues[0]["body"].count("```") == 2


def test_in_a_workflow_the_issue_is_the_bots(gh, tell, monkeypatch):
    gh.install(github.BOT)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    tell(BAD)
    assert tell(BAD).startswith("issue 1 was updated")
    assert ["api", "user"] not in [arguments for arguments, _ in gh.calls]


@pytest.mark.parametrize("changed", [
    {"user": {"id": 7}},
    {"user": None},
    {"body": drift_notice.marker({"stack": "another"})},
    {"body": f"see {drift_notice.marker(BAD)}"},
    {"body": None},
    {"pull_request": {}},
])  # fmt: skip
def test_an_issue_that_is_not_ours_is_left_alone(changed):
    issue = {"number": 3, "user": {"id": USER}, "body": f"{drift_notice.marker(BAD)}\r\ntext"}
    assert drift_notice.own_issue([issue], BAD, USER) == 3
    assert drift_notice.own_issue([{**issue, **changed}], BAD, USER) is None


@pytest.mark.parametrize(("count", "more"), [(60, ""), (61, "- and 1 more"), (100, "- and 40 more")])
def test_the_findings_after_the_first_sixty_are_counted_so_that_they_fit_into_an_issue(count, more):
    text = drift_notice.text(report(*[{**RULE, "message": "x" * 9000}] * count), NOW)
    assert (text.count("error: drift of releases"), more in text, "- and" in text) == (60, True, bool(more))
    assert len(text) < 65536


def test_the_file_exists_only_while_something_is_wrong(tell, tmp_path):
    file = tmp_path / "drift.txt"
    assert tell(GOOD, f"--file={file}") == "stack pi-cluster: the mesh is as the settings say\n"
    assert tell(BAD, f"--file={file}").startswith(f"{file} was written: ")
    assert "rules[3] was added" in file.read_text()
    assert tell(GOOD, f"--file={file}").startswith(f"{file} was removed: ")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("status", [2, 3])
def test_a_verify_that_could_not_run_changes_nothing_and_fails(gh, tell, capsys, status):
    with pytest.raises(SystemExit) as ended:
        tell(report({**RULE, "message": "no answer"}, status=status))
    assert (ended.value.code, capsys.readouterr().err) == (status, "error: no answer\n")
    assert not (gh.folder / "calls").exists()


@pytest.mark.parametrize("content", ["", "Traceback", "[]", '{"operation": "budget"}'])
def test_what_is_no_report_fails(tell, content):
    with pytest.raises(SystemExit, match="standard input is not the report"):
        tell(content)


def test_it_needs_nothing_but_python_itself():
    command = [sys.executable, "-E", "-S", "-m", drift_notice.__name__, "--file=/nowhere/x"]
    root = Path(drift_notice.__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, check=False, input=json.dumps(GOOD), cwd=root)
    assert (done.returncode, done.stderr) == (0, "")
