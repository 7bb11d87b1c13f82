"""The place of the comment: where this workflow wrote it before, and nowhere else.

The `gh` of these tests is a script: they do not reach GitHub.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from operations import github
from operations.pull_request import comment, publish
from tests.support.files import write_files, write_programs

ROOT = Path(__file__).parents[4]
MARKER, ISSUES = comment.marker("pi-cluster"), "repos/{owner}/{repo}/issues"
GH = """\
#!/bin/sh
echo "$@" >> {home}/calls
case "$*" in *--paginate*) cat {home}/comments.json;; *) cat > {home}/sent;; esac
"""


def remark(number: int, body: str, author: int = github.BOT) -> dict:
    return {"id": number, "user": {"id": author, "type": "Bot"}, "body": body}


OTHERS, OURS = remark(1, "lint says no"), remark(2, f"{MARKER}\r\nold")


@pytest.mark.parametrize(("pages", "call"), [
    pytest.param([[]], f"POST {ISSUES}/7/comments", id="the first comment is written anew"),
    pytest.param([[OTHERS], [OURS]], f"PATCH {ISSUES}/comments/2", id="one on a later page is changed"),
])  # fmt: skip
def test_the_comment_is_written(tmp_path, monkeypatch, pages, call):
    (tmp_path / "comments.json").write_text(json.dumps(pages))
    (tmp_path / "preview.md").write_text(f"{MARKER}\nnew")
    install(tmp_path, monkeypatch, GH.format(home=tmp_path))
    publish.main("7", tmp_path / "preview.md")
    listing = f"api --paginate --slurp {ISSUES}/7/comments?per_page=100"
    assert (tmp_path / "calls").read_text().splitlines() == [listing, f"api --method {call} --input -"]
    assert json.loads((tmp_path / "sent").read_text()) == {"body": f"{MARKER}\nnew"}


def install(folder: Path, monkeypatch, script: str) -> None:
    write_programs(folder, {"gh": script})
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


@pytest.mark.parametrize(("other", "known"), [
    (remark(1, f"{MARKER}\nforged", author=1234), None),
    ({"id": 1, "user": None, "body": MARKER}, None),
    (remark(1, "another workflow's last comment"), None),
    (remark(1, comment.marker("another-stack")), None),
    (remark(1, f"> {MARKER}"), None),
    pytest.param(remark(1, f"{comment.marker('a')}\n{MARKER}"), 1, id="one stack in common is enough"),
])  # fmt: skip
def test_a_comment_that_is_not_ours_is_left_alone(other, known):
    assert publish.own_comment([other], f"{MARKER}\n{comment.marker('c')}\nnew") == known


@pytest.mark.parametrize(("script", "says"), [
    (None, "error: the command gh can't be run: No such file or directory; install it"),
    ("#!/bin/sh\nexit 4\n", r"error: `gh api --paginate .*` ended with status 4, see above"),
])  # fmt: skip
def test_a_gh_that_is_missing_or_fails_ends_the_job_with_what_to_do(monkeypatch, tmp_path, script, says):
    (tmp_path / "preview.md").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    if script:
        install(tmp_path, monkeypatch, script)
    with pytest.raises(SystemExit, match=says):
        publish.main("7", tmp_path / "preview.md")


@pytest.mark.parametrize("is_link", [False, True], ids=["a file", "a link to the token"])
def test_the_job_that_may_write_runs_nothing_of_an_artifact(tmp_path, monkeypatch, is_link):
    workflow = yaml.safe_load((ROOT / ".github/workflows/preview.yml").read_text())
    checkout, artifact, publishing = workflow["jobs"]["comment"]["steps"]
    workspace, temporary, sign = tmp_path / "workspace", tmp_path / "temp", tmp_path / "hostile code ran"
    for pattern in checkout["with"]["sparse-checkout"].split():
        source, target = ROOT / pattern.strip("/"), workspace / pattern.strip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    unpacked = workspace / artifact["with"].get("path", "").replace("${{ runner.temp }}", str(temporary))
    modules = ("json", "re", "operations/__init__", "operations/github", "operations/pull_request/publish")
    hostile = f"open({str(sign)!r}, 'w').close()\n"
    write_files(unpacked, {f"{module}.py": hostile for module in modules})
    (tmp_path / "token").write_text("secret")
    (unpacked / "preview.md").symlink_to(tmp_path / "token") if is_link else (unpacked / "preview.md").write_text("new")
    (tmp_path / "comments.json").write_text("[]")
    install(tmp_path, monkeypatch, GH.format(home=tmp_path))
    monkeypatch.setenv("RUNNER_TEMP", str(temporary))
    monkeypatch.setenv("NUMBER", "7")
    command = publishing["run"].replace("python3", f"{sys.executable} -E -S")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=workspace)
    assert not sign.exists()
    assert (tmp_path / "sent").exists() is not is_link, done.stderr
    assert ("is not a regular file" in done.stderr) is is_link
