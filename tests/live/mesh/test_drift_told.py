"""Drift that reports itself in an issue, and the end of it."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from lab.cluster.kubectl import get, kubectl
from lab.cluster.names import CHECKOUT
from operations import github
from tests.support.fake_gh import FakeGh
from tests.support.project import STACK, Project

ROLE = ("clusterrole", "istiod-clusterrole-istio-system")
RULE = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


@pytest.fixture
def drift(mesh: Project) -> Iterator[Callable[[], None]]:  # noqa: ARG001 - first the mesh
    """Add a rule to istiod's rights, and yield the function that takes it out again."""
    number = len(get(*ROLE)["rules"])
    kubectl("patch", *ROLE, "--type=json", f"--patch={json.dumps([{'op': 'add', 'path': '/rules/-', 'value': RULE}])}")

    def cure() -> None:
        if len(get(*ROLE)["rules"]) > number:
            removal = [{"op": "remove", "path": f"/rules/{number}"}]
            kubectl("patch", *ROLE, "--type=json", f"--patch={json.dumps(removal)}")

    yield cure
    cure()


@pytest.fixture
def run(mesh: Project, reader_kubeconfig: Path) -> Callable[..., str]:
    """Return `run(script, **variables)`: what a script says in the project's folder, with the reader's kubeconfig."""

    def shell(script: str, **variables: str) -> str:
        environment = {**mesh.environment, "KUBECONFIG": str(reader_kubeconfig), "STACK": STACK, **variables}
        command = ["bash", "-e", "-c", script]
        done = subprocess.run(command, cwd=mesh.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return shell


def test_the_workflow_opens_and_closes_one_issue(drift, run, mesh, tmp_path, figure):
    gh = FakeGh(tmp_path / "programs")
    gh.install(github.BOT)
    steps = yaml.safe_load((CHECKOUT / ".github" / "workflows" / "drift.yml").read_text())["jobs"]["verify"]["steps"]
    path = {"PATH": f"{gh.folder}:{mesh.environment['PATH']}", "GITHUB_ACTIONS": "true"}
    told = [run(steps[-1]["run"], **path)]
    assert "rules[" in gh.issues[0]["body"]
    drift()
    told.append(run(steps[-1]["run"], **path))
    assert [line.partition(":")[0] for line in told] == ["issue 1 was opened", "issue 1 was closed"]
    assert [issue["state"] for issue in gh.issues] == ["closed"]
    figure("; ".join(line.partition(":")[0] for line in told))
