"""The workflows, which give a pull request's code nothing to abuse."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from lab.toolchain.istio_parts import ISTIO
from pi_mesh.catalog.hosts import CHARTS
from pi_mesh.settings.stack_file import load_file
from tests.support.shape import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: path for path in sorted(FOLDER.glob("*.yml"))}
CONTENTS = {name: yaml.safe_load(path.read_text()) for name, path in WORKFLOWS.items()}
each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS)


def steps(name: str) -> list[dict]:
    return [step for job in CONTENTS[name]["jobs"].values() for step in job["steps"]]


def test_all_workflows_are_there():
    assert [*WORKFLOWS] == ["check", "drift", "kind", "preview"]


def test_the_job_that_may_write_issues_is_off_until_a_stack_is_named_and_runs_on_no_pull_request():
    (job,) = CONTENTS["drift"]["jobs"].values()
    assert set(CONTENTS["drift"][True]) == {"schedule", "workflow_dispatch"}  # YAML reads the key `on` as true
    assert job["if"] == "${{ vars.DRIFT_STACK != '' }}"
    assert job["permissions"] == {"contents": "read", "issues": "write"}


@each_workflow
def test_every_action_is_pinned_by_commit_with_its_version(workflow):
    actions = re.findall(r"uses: (.*)", WORKFLOWS[workflow].read_text())
    assert actions
    assert [use for use in actions if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


@pytest.mark.row(45)
@each_workflow
def test_no_permission_is_given_by_default(workflow):
    assert CONTENTS[workflow]["permissions"] == {}


@pytest.mark.row(45)
@each_workflow
def test_no_workflow_runs_with_the_base_branchs_rights_or_secrets(workflow):
    text = WORKFLOWS[workflow].read_text()
    assert "pull_request_target" not in text
    assert "secrets." not in text


@each_workflow
def test_the_checkout_leaves_no_credentials_behind_and_no_text_of_a_pull_request_reaches_a_shell(workflow):
    checkouts = [step["with"] for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout")]
    assert checkouts
    assert all(options["persist-credentials"] is False for options in checkouts)
    assert [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")] == []


@pytest.mark.row(45)
def test_the_job_that_may_write_runs_no_code_of_the_pull_request():
    job = CONTENTS["preview"]["jobs"]["comment"]
    assert job["permissions"] == {"contents": "read", "pull-requests": "write"}
    checkout, artifact, publish = job["steps"]
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert artifact["uses"].startswith("actions/download-artifact@")
    assert artifact["with"]["path"] == "${{ runner.temp }}/preview"  # outside the checkout, whose code runs
    assert publish["run"] == 'python3 -m operations.pull_request.publish "$NUMBER" "$RUNNER_TEMP/preview/preview.md"'


def test_every_stack_but_those_of_throw_away_clusters_is_previewed_outside_of_the_checkout(tmp_path: Path):
    (script,) = (step["run"] for step in steps("preview") if "make preview" in step.get("run", ""))
    assert re.findall(r"> (\S+)", script) == ['"$RUNNER_TEMP/preview.md"']
    for stack in ("lab.", "kind.", "new.", "pi-cluster.", "$(x).", ""):
        (tmp_path / f"Pulumi.{stack}yaml").touch()
    for program, says in (("git", "Pulumi.gone.yaml"), ("make", '"$@"')):
        (tmp_path / program).write_text(f"#!/bin/sh\necho {says}\n")
        (tmp_path / program).chmod(0o755)
    places = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path), "GITHUB_BASE_REF": "main"}
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=places, check=True)
    assert (tmp_path / "preview.md").read_text() == "preview BASE=origin/main PREVIEWED=gone new pi-cluster\n"


@pytest.mark.parametrize("name", ["preview", "kind"])
def test_the_pinned_engine_is_the_one_of_the_python_package(name):
    (engine,) = (step["with"] for step in steps(name) if "pulumi/actions" in step.get("uses", ""))
    assert f"pulumi=={engine['pulumi-version']} " in (ROOT / "requirements.txt").read_text()


def test_the_chart_tests_run_with_the_shipped_stacks_version_and_the_newest():
    job = CONTENTS["check"]["jobs"]["check"]
    shipped = load_file(ROOT / "Pulumi.pi-cluster.yaml").istio.version
    assert job["env"]["PI_MESH_CHARTS_REQUIRED"].split(",") == [shipped, ISTIO]
    (pull,) = (step["run"] for step in job["steps"] if " pull " in step.get("run", ""))
    assert f"--repo {CHARTS}\n" in pull
