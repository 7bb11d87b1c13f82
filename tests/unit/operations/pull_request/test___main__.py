"""The command that prints a pull request's comment: its refusals and its exit statuses."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from operations.failures import NotRunnableError
from operations.pull_request import __main__ as command
from operations.pull_request import checkout
from operations.pull_request.comment import LIMIT
from operations.pull_request.engine import PulumiRefusedError
from tests.support.files import make_repository


@pytest.fixture
def invoke(monkeypatch, tmp_path):
    """Return `invoke(options, ...)`: the exit status, the output, and what was compared with which charts.

    It runs in a repository with two stack files, of which one is committed.
    """
    monkeypatch.chdir(tmp_path)
    make_repository(tmp_path, {"Pulumi.committed.yaml": ""})
    (tmp_path / "Pulumi.committed.yaml").rename(tmp_path / "Pulumi.new.yaml")

    def run(options: str, changes_nothing=False, refused="", problem=None, revision=None):
        compared = []

        def compare(_, name, __, charts):
            compared.append((name, charts))
            if problem:
                raise problem
            return SimpleNamespace(is_refused=name == refused)

        known = revision or SimpleNamespace(base="HEAD", changes_nothing=changes_nothing)
        monkeypatch.setattr(command.checkout, "compared_revision", Mock(side_effect=[known]))
        monkeypatch.setattr(command.compare, "comparison", compare)
        monkeypatch.setattr(command.engine, "command", lambda: None)
        monkeypatch.setattr(command.comment, "whole_comment", lambda sides, _, limit: f"{len(sides)} up to {limit}")
        monkeypatch.setattr(command.comment, "documentation_comment", lambda names, _: f"documentation of {names}")
        done = CliRunner().invoke(command.app, options.split())
        return done.exit_code, done.output, compared

    return run


def test_each_stack_is_compared_once_with_the_same_charts(invoke):
    compared = [("new", "somewhere"), ("committed", "somewhere")]
    assert invoke("-s new -s committed -s new --charts somewhere") == (0, f"2 up to {LIMIT}", compared)


def test_the_whole_comment_has_no_limit(invoke):
    _, output, _ = invoke("-s new --whole")
    assert int(output.removeprefix("1 up to ")) > 100 * LIMIT


@pytest.mark.parametrize(("refused", "status"), [("", 0), ("committed", 1), ("new", 1)])
def test_one_refused_stack_is_status_1(invoke, refused, status):
    assert invoke("-s new -s committed", refused=refused)[0] == status


def test_documentation_alone_needs_no_preview(invoke):
    assert invoke("-s new", changes_nothing=True) == (0, "documentation of ['new']", [])


@pytest.mark.parametrize(("options", "more", "says"), [
    ("-s new -s nowhere", {}, "neither side has a Pulumi.nowhere.yaml"),
    pytest.param("", {}, "neither side has a Pulumi.pi-cluster.yaml", id="the default is the Pis' stack"),
    ("-s new", {"revision": checkout.UnknownRevisionError("nope")}, "no such base: nope"),
])  # fmt: skip
def test_wrong_usage_is_status_2_and_compares_nothing(invoke, options, more, says):
    status, output, compared = invoke(options, **more)
    assert (status, compared) == (2, [])
    assert says in output


@pytest.mark.parametrize("problem", [NotRunnableError("git", OSError(2, "missing")), PulumiRefusedError("too old")])
def test_a_program_that_can_not_run_is_one_line(invoke, problem):
    assert invoke("-s new", problem=problem)[:2] == (2, f"error: {problem}\n")
