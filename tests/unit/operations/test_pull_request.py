"""Pull requests that try to pass unjudged: by moved files, hollow packages, an unlocked chart, a hostile artifact."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from operations.pull_request import checkout, relaxations, sides
from operations.pull_request.checkout import Checkout
from tests.support.fake_gh import FakeGh

ROOT = Path(__file__).parents[3]
RULE, GUIDE = "policies/rules/strict.py", "docs/guide.md"
CHART = {"chart": "istiod", "version": "1.0.0", "source": "https://charts.example", "sha256": "a" * 64}


def git(folder, *arguments):
    subprocess.run(["git", "-C", folder, "-c", "user.name=T", "-c", "user.email=t@example.com", *arguments], check=True)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    for name in (RULE, GUIDE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("the same content\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=first")
    git(folder, "checkout", "--quiet", "-b", "change")
    return folder


def move(folder):
    git(folder, "mv", RULE, "docs/strict.md")


def delete(folder):
    (folder / RULE).unlink()


def link(folder):
    delete(folder)
    (folder / RULE).symlink_to(folder / GUIDE)


@pytest.mark.parametrize("change", [move, delete, link])
def test_a_file_that_judges_is_named_wherever_it_goes(repository, change):
    change(repository)
    revision = checkout.compared_revision(repository, "main")
    assert (RULE in revision.changed, revision.changes_nothing) == (True, False)


@pytest.mark.parametrize(("file", "words"), [
    ("policies/rules/mtls.py", "review what the rules forbid now"),
    ("requirements-dev.txt", "ran with the packages that it names"),
    ("pyproject.toml", "ran with the packages that it names"),
    ("pi_mesh/quantities.py", "the changed program wrote this comment"),
    ("pi_mesh/settings/pulumi_config.py", "the changed program wrote this comment"),
    (".github/workflows/preview.yml", "the changed program wrote this comment"),
])  # fmt: skip
def test_whatever_has_a_part_in_the_judgement_is_named_when_it_changes(file, words):
    (line,) = relaxations.code_relaxations([file, "docs/guide.md", "docs/kind.yaml"])
    assert (f"`{file}`" in line, words in line) == (True, True)


def test_many_files_of_the_program_are_one_line():
    files = [f"operations/pull_request/{name}.py" for name in ("a", "b", "c", "d", "e")]
    (line,) = relaxations.code_relaxations(files)
    assert line.endswith("and 2 more change: the changed program wrote this comment.")


@pytest.mark.parametrize(("after", "words"), [
    (None, "has no section `pi-cluster` any more"),
    ({"other": [CHART]}, "has no section `pi-cluster` any more"),
    ({"pi-cluster": [{**CHART, "sha256": "b" * 64}]}, "The sum of the chart `istiod` 1.0.0 changes"),
    ({"pi-cluster": "none"}, "cannot be compared"),
    ({"pi-cluster": [CHART, {**CHART, "version": "2.0.0"}]}, ""),
])  # fmt: skip
def test_a_chart_that_the_lock_guards_no_more_is_named(tmp_path, after, words):
    folders = tmp_path / "old", tmp_path / "new"
    for folder, stacks in zip(folders, ({"pi-cluster": [CHART]}, after), strict=True):
        folder.mkdir()
        if stacks:
            (folder / "charts.lock.yaml").write_text(yaml.safe_dump({"stacks": stacks}))
    lines = relaxations.lock_relaxations(*folders, "pi-cluster")
    assert [words in line for line in lines] == ([True] if words else [])


def test_a_program_of_the_pull_request_gets_nobodys_credentials(tmp_path, monkeypatch):
    credentials = {
        "VAULT_TOKEN": "hvs.fabricated",
        "AWS_SECRET_ACCESS_KEY": "fabricated",
        "PULUMI_ACCESS_TOKEN": "pul-fabricated",
        "GH_TOKEN": "fabricated",
        "KUBECONFIG": "/fabricated/kubeconfig",
        "PULUMI_HOME": str(tmp_path / "pulumi"),
    }
    for name, value in credentials.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "pulumi" / "plugins").mkdir(parents=True)
    (tmp_path / "pulumi" / "credentials.json").write_text("fabricated")
    (tmp_path / "side").mkdir()
    side = Checkout(tmp_path / "side", "pi-cluster", {})
    ask = "import json, os; print(json.dumps([dict(os.environ), os.listdir(os.environ['PULUMI_HOME'])]))"
    environment, pulumi_home = json.loads(sides._run_in(side, ask).stdout)
    assert not {value for value in credentials.values() if value in environment.values()}
    assert (environment["KUBECONFIG"], pulumi_home) == (os.devnull, ["plugins"])
    with checkout.isolated(side.environment):
        assert "VAULT_TOKEN" not in os.environ
    assert os.environ["VAULT_TOKEN"] == "hvs.fabricated"


def test_a_hostile_artifact_runs_nothing_in_the_job_that_may_write(tmp_path):
    """Unpack what a pull request's job could have packed, by the workflow's own steps, and run its command."""
    job = yaml.safe_load((ROOT / ".github/workflows/preview.yml").read_text())["jobs"]["comment"]
    _, download, publish = job["steps"]
    workspace, runner = tmp_path / "workspace", tmp_path / "runner"
    for name in ("operations/__init__.py", "operations/github.py", "operations/pull_request/publish.py"):
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, workspace / name)
    (workspace / "operations/pull_request/__init__.py").touch()
    artifact = Path(download["with"]["path"].replace("${{ runner.temp }}", str(runner)))
    hostile = f"open({str(tmp_path / 'ran')!r}, 'w').close()\n"
    for name in ("json.py", "re.py", "sitecustomize.py", "operations/github.py", "operations/pull_request/publish.py"):
        (artifact / name).parent.mkdir(parents=True, exist_ok=True)
        (artifact / name).write_text(hostile)
    (artifact / "preview.md").write_text("<!-- pi-mesh preview pi-cluster -->\nNo change")
    gh = FakeGh(tmp_path / "gh")
    gh.install()
    environment = {"PATH": f"{Path(sys.executable).parent}:{gh.path}", "NUMBER": "1", "RUNNER_TEMP": str(runner)}
    subprocess.run(["bash", "-ec", publish["run"]], cwd=workspace, env=environment, check=True)
    assert (gh.calls[-1][1], (tmp_path / "ran").exists()) == ({"body": (artifact / "preview.md").read_text()}, False)
