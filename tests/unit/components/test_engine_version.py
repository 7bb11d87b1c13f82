"""The version of the `pulumi` command that the program asks for."""

import pulumi
import pytest

from components import engine_version


@pytest.fixture
def engine(monkeypatch):
    """Return `engine(problem)`: set the engine's answer; it returns the ranges that it was asked for."""

    def answering(problem: Exception | None) -> list[str]:
        asked: list[str] = []

        def require(wanted: str) -> None:
            asked.append(wanted)
            if problem:
                raise problem

        monkeypatch.setattr(pulumi, "require_pulumi_version", require)
        return asked

    return answering


def test_the_engine_is_asked_for_the_version_of_the_project_file(engine):
    asked = engine(None)
    engine_version.require()
    assert asked == [">=3.259.0"]


def test_a_command_that_is_too_old_is_one_line_with_where_to_get_another(engine):
    engine(Exception("Please upgrade the Pulumi CLI."))
    with pytest.raises(pulumi.RunError, match=r"^this program needs .* >=3\.259\.0: Please upgrade .* install it: "):
        engine_version.require()


def test_a_project_file_that_requires_no_version_asks_for_none(engine, monkeypatch, tmp_path):
    project = tmp_path / "Pulumi.yaml"
    project.write_text("name: pi-mesh\n")
    monkeypatch.setattr(engine_version, "PROJECT", project)
    asked = engine(None)
    engine_version.require()
    assert asked == []
