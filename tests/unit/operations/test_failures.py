"""The findings of problems that a command expects."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from operations import failures
from operations.pull_request import __main__ as preview
from operations.pull_request import engine, manifests
from operations.pull_request.engine import Intent, Resource
from operations.pull_request.manifests import NotRenderedError
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import configuration_analysis
from pi_mesh.settings import SettingsError
from tests.support.factories import make_mesh
from tests.support.snapshots import make_snapshot


@pytest.mark.parametrize(
    ("line", "name", "message"),
    [
        ("istio.version: is required", "istio.version", "is required"),
        ("a and b: must differ", "", "a and b: must differ"),
        ("Pulumi.x.yaml is not valid", "", "Pulumi.x.yaml is not valid"),
        ("word", "", "word"),
    ],
)
def test_a_line_about_one_key_is_split_and_a_sentence_about_several_is_not(line, name, message):
    (finding,) = failures.findings(SettingsError([line]))
    assert (finding.name, finding.message) == (name, message)


CHECKOUT = Path(__file__).parents[3]
GIT = ("git", "-c", "user.name=Test", "-c", "user.email=test@example.com")
RELEASE = Resource(manifests.RELEASE, "istiod", {"chart": "istiod", "version": "1.31.0", "values": {}})


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Yield a folder with a stack file that differs from its base; only a test's own programs are on PATH."""
    folder, programs = tmp_path / "repository", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    (folder / "Pulumi.pi-cluster.yaml").write_text("config: {}")
    for arguments in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "base")):
        subprocess.run([*GIT, *arguments], cwd=folder, check=True)
    (folder / "Pulumi.pi-cluster.yaml").write_text("config: {a:b: 1}")
    git = subprocess.run(["/bin/sh", "-c", "command -v git"], capture_output=True, text=True, check=True).stdout.strip()
    (programs / "git").symlink_to(git)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", str(programs))
    engine.command.cache_clear()
    yield programs
    engine.command.cache_clear()


def run() -> Result:
    return CliRunner().invoke(preview.app, [])


@pytest.mark.parametrize("name", ["git", "pulumi"])
def test_a_program_of_the_preview_that_is_missing_is_one_line(repository, name):
    (repository / name).unlink(missing_ok=True)
    done = run()
    assert done.exit_code == 2
    assert done.stderr == f"error: the command {name} is not on PATH; install it, or source .lab/env\n"


def put(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    (folder / name).chmod(0o755)


def test_a_program_of_another_machine_is_one_line(repository):
    put(repository, "pulumi", "\x7fELF no program at all")
    done = run()
    assert (done.exit_code, done.stderr) == (
        2,
        "error: the command pulumi can't be run: Exec format error; install it, or source .lab/env\n",
    )


def test_a_pulumi_that_is_too_old_is_one_line(repository):
    put(repository, "pulumi", "#!/bin/sh\necho v2.0.0")
    done = run()
    assert done.exit_code == 2
    assert done.stderr.startswith("error: the command pulumi is of another version: ")
    assert done.stderr.count("\n") == 1


def test_without_helm_the_comment_says_what_is_not_known(repository):
    assert not (repository / "helm").exists()
    with pytest.raises(NotRenderedError, match="the command helm is not on PATH"):
        manifests.rendered_objects(Intent({"urn": RELEASE}, {}), Path())


def test_an_istioctl_of_another_machine_is_unknown(repository):
    put(repository, "istioctl", "\x7fELF no program at all")
    (found,) = configuration_analysis.check(Observation(make_mesh(), make_snapshot()))
    assert str(found) == (
        "istioctl: can't be run: Exec format error: Istio's own analysis did not run; install istioctl for this machine"
    )


@pytest.mark.parametrize(
    ("script", "line"),
    [
        (None, "error: the command gh can't be run: No such file or directory; install it"),
        ("#!/bin/sh\necho gh: Not Found >&2; exit 1", "see above"),
    ],
)
def test_a_comment_that_can_not_be_published_ends_in_one_line(tmp_path, script, line):
    (tmp_path / "preview.md").write_text("text")
    if script:
        put(tmp_path, "gh", script)
    command = [sys.executable, "-m", "operations.pull_request.publish", "7", tmp_path / "preview.md"]
    path = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(command, env=path, capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(line)
    assert "Traceback" not in done.stderr
