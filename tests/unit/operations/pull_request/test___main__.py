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
from tests.support.findings import case, table


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


def test_the_whole_comment_has_no_limit(invoke):
    _, output, _ = invoke("-s new --whole")
    assert int(output.removeprefix("1 up to ")) > 100 * LIMIT


def test_what_the_cluster_would_get_stands_below_where_it_is_asked_for(invoke, monkeypatch):
    done = SimpleNamespace(stdout="~ Service a/b\n", stderr="")

    def run(given, **_):
        return done if given[-4:] == ["operations", "diff", "-s", "new"] else None

    monkeypatch.setattr(command, "subprocess", SimpleNamespace(run=run))
    _, output, _ = invoke("-s new --live")
    assert "<summary>What changes in the cluster as it runs</summary>" in output
    assert "~ Service a/b" in output


BOTH = "-s new -s committed"
ONCE = (0, f"2 up to {LIMIT}", [("new", "somewhere"), ("committed", "somewhere")])
DOCUMENTATION = (0, "documentation of ['new']", [])
NO_GIT, TOO_OLD = NotRunnableError("git", OSError(2, "missing")), PulumiRefusedError("too old")


@table(
    case("each stack once with the same charts", f"{BOTH} -s new --charts somewhere", {}, ONCE),
    case("documentation alone without a preview", "-s new", {"changes_nothing": True}, DOCUMENTATION),
    case("no refused stack", BOTH, {"refused": ""}, (0,)),
    case("one refused stack", BOTH, {"refused": "committed"}, (1,)),
    case("another refused stack", BOTH, {"refused": "new"}, (1,)),
    case("no git", "-s new", {"problem": NO_GIT}, (2, f"error: {NO_GIT}\n")),
    case("a pulumi that is too old", "-s new", {"problem": TOO_OLD}, (2, f"error: {TOO_OLD}\n")),
)
def test_the_command_compares_and_ends_with_its_status(invoke, options, more, result):
    assert invoke(options, **more)[: len(result)] == result


@pytest.mark.parametrize(("options", "more", "says"), [
    ("-s new -s nowhere", {}, "neither side has a Pulumi.nowhere.yaml"),
    pytest.param("", {}, "neither side has a Pulumi.pi-cluster.yaml", id="the default is the Pis' stack"),
    ("-s new", {"revision": checkout.UnknownRevisionError("nope")}, "no such base: nope"),
])  # fmt: skip
def test_wrong_usage_is_status_2_and_compares_nothing(invoke, options, more, says):
    status, output, compared = invoke(options, **more)
    assert (status, compared) == (2, [])
    assert says in output
