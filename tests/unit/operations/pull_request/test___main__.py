"""The command that prints a pull request's comment: its refusals and its exit statuses."""

import subprocess
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from operations.failures import NotRunnableError
from operations.pull_request import __main__ as command
from operations.pull_request import checkout
from operations.pull_request.comment import LIMIT
from operations.pull_request.engine import PulumiRefusedError


@pytest.fixture
def invoke(monkeypatch, tmp_path):
    """Return `invoke(*options, ...)`: the result in a repository with two stack files, of which one is committed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.committed.yaml").touch()
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    for arguments in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "--message", "x")):
        subprocess.run(["git", *arguments], check=True)
    (tmp_path / "Pulumi.committed.yaml").unlink()
    (tmp_path / "Pulumi.new.yaml").touch()
    said: list[tuple] = []

    def run(*options: str, changes_nothing: bool = False, refused: tuple[str, ...] = (), problem=None, sides=None):
        def of(*_):
            if isinstance(sides, Exception):
                raise sides
            return SimpleNamespace(base="HEAD", changes_nothing=changes_nothing)

        def compare(_, name, __, charts):
            if problem:
                raise problem
            said.append((name, charts))
            return SimpleNamespace(is_refused=name in refused)

        monkeypatch.setattr(command.checkout, "compared_revision", of)
        monkeypatch.setattr(command.compare, "comparison", compare)
        monkeypatch.setattr(command.engine, "command", lambda: None)
        monkeypatch.setattr(command.comment, "whole_comment", lambda found, _, limit: f"{len(found)} compared, {limit}")
        monkeypatch.setattr(command.comment, "documentation_comment", lambda names, _: f"documentation of {names}")
        return CliRunner().invoke(command.app, list(options)), said

    return run


def test_each_stack_is_compared_once_with_the_same_charts(invoke):
    done, said = invoke("-s", "new", "-s", "committed", "-s", "new", "--charts", "somewhere")
    assert (done.exit_code, done.stdout) == (0, f"2 compared, {LIMIT}")
    assert said == [("new", "somewhere"), ("committed", "somewhere")]


def test_the_whole_comment_has_no_limit(invoke):
    assert invoke("-s", "new", "--whole")[0].stdout != f"1 compared, {LIMIT}"


@pytest.mark.parametrize(("refused", "status"), [((), 0), (("committed",), 1), (("new",), 1)])
def test_one_refused_stack_is_status_1(invoke, refused, status):
    assert invoke("-s", "new", "-s", "committed", refused=refused)[0].exit_code == status


def test_a_stack_that_neither_side_has_is_wrong_usage(invoke):
    done, said = invoke("-s", "new", "-s", "nowhere")
    assert (done.exit_code, said) == (2, [])
    assert "neither side has a Pulumi.nowhere.yaml" in done.stderr


def test_without_a_stack_that_of_the_pis_is_meant(invoke):
    assert "neither side has a Pulumi.pi-cluster.yaml" in invoke()[0].stderr


def test_documentation_alone_needs_no_preview(invoke):
    done, said = invoke("-s", "new", changes_nothing=True)
    assert (done.exit_code, done.stdout, said) == (0, "documentation of ['new']", [])


def test_an_unknown_base_is_wrong_usage(invoke):
    done, _ = invoke("-s", "new", sides=checkout.UnknownRevisionError("nope"))
    assert done.exit_code == 2
    assert "no such base: nope" in done.stderr


@pytest.mark.parametrize("problem", [NotRunnableError("git", OSError(2, "missing")), PulumiRefusedError("too old")])
def test_a_program_that_can_not_run_is_one_line(invoke, problem):
    done, _ = invoke("-s", "new", problem=problem)
    assert (done.exit_code, done.stderr) == (2, f"error: {problem}\n")
