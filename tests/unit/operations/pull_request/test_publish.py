"""The place of the comment: where this workflow wrote it before, and nowhere else.

The `gh` of these tests is a script: they do not reach GitHub.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from operations import github
from operations.pull_request import comment, publish

ROOT = Path(__file__).parents[4]

MARKER = comment.marker("pi-cluster")
GH = """\
#!{python}
import json, sys
from pathlib import Path
home, arguments = Path({home!r}), sys.argv[1:]
sent = sys.stdin.read() if "--input" in arguments else None
with (home / "calls").open("a") as calls:
    calls.write(json.dumps([arguments, sent]) + "\\n")
if "--paginate" in arguments:
    print((home / "comments.json").read_text())
"""


def remark(number: int, body: str, author: int = github.BOT) -> dict:
    return {"id": number, "user": {"id": author, "type": "Bot"}, "body": body}


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Return a function that publishes a text beside recorded comments and returns the later calls of gh."""

    def run(body: str, *pages: list[dict]) -> list:
        (tmp_path / "comments.json").write_text(json.dumps(pages))
        (tmp_path / "gh").write_text(GH.format(python=sys.executable, home=str(tmp_path)))
        (tmp_path / "gh").chmod(0o755)
        (tmp_path / "preview.md").write_text(body)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        publish.main("7", tmp_path / "preview.md")
        listing, *calls = map(json.loads, (tmp_path / "calls").read_text().splitlines())
        assert listing[0] == ["api", "--paginate", "--slurp", "repos/{owner}/{repo}/issues/7/comments?per_page=100"]
        return calls

    return run


def test_the_first_comment_is_written_anew(published):
    ((arguments, sent),) = published(f"{MARKER}\nnew", [])
    assert arguments == ["api", "--method", "POST", "repos/{owner}/{repo}/issues/7/comments", "--input", "-"]
    assert json.loads(sent) == {"body": f"{MARKER}\nnew"}


def test_an_earlier_comment_of_the_same_stack_is_changed_also_on_a_later_page(published):
    pages = [remark(1, "lint says no")], [remark(2, f"{MARKER}\r\nold")]
    ((arguments, sent),) = published(f"{MARKER}\nnew", *pages)
    assert arguments[:4] == ["api", "--method", "PATCH", "repos/{owner}/{repo}/issues/comments/2"]
    assert json.loads(sent) == {"body": f"{MARKER}\nnew"}


@pytest.mark.parametrize(
    "other",
    [
        remark(1, f"{MARKER}\nforged", author=1234),
        {"id": 1, "user": None, "body": MARKER},
        remark(1, "another workflow's last comment"),
        remark(1, comment.marker("another-stack")),
        remark(1, f"> {MARKER}"),
    ],
)
def test_a_comment_that_is_not_ours_is_left_alone(other):
    assert publish.own_comment([other], f"{MARKER}\nnew") is None


def test_one_stack_in_common_is_enough():
    known = remark(3, f"{comment.marker('a')}\n{comment.marker('b')}")
    assert publish.own_comment([known], f"{comment.marker('b')}\n{comment.marker('c')}") == 3


def test_without_gh_the_job_ends_with_what_to_do(monkeypatch, tmp_path):
    (tmp_path / "preview.md").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="error: the command gh can't be run: No such file or directory; install it"):
        publish.main("7", tmp_path / "preview.md")


def test_a_gh_that_fails_ends_the_job_with_its_status(monkeypatch, tmp_path):
    (tmp_path / "preview.md").touch()
    (tmp_path / "gh").write_text("#!/bin/sh\nexit 4\n")
    (tmp_path / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    with pytest.raises(SystemExit, match=r"error: `gh api --paginate .*` ended with status 4, see above"):
        publish.main("7", tmp_path / "preview.md")


def test_the_files_that_the_workflow_checks_out_need_nothing_but_python_itself(tmp_path):
    workflow = yaml.safe_load((ROOT / ".github/workflows/preview.yml").read_text())
    checkout, *_, publishing = workflow["jobs"]["comment"]["steps"]
    for pattern in checkout["with"]["sparse-checkout"].split():
        source, target = ROOT / pattern.strip("/"), tmp_path / pattern.strip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    _, *arguments, _, _ = publishing["run"].split()
    command = [sys.executable, "-E", "-S", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stderr.rstrip().endswith("IndexError: list index out of range")
