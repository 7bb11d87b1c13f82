"""The version of the `pulumi` command that the program asks for."""

from collections.abc import Callable

import pulumi
import pytest
from pulumi.runtime.invoke import InvokeResult

from components import engine as components_engine
from tests.support.recorder import record


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
    components_engine.require_version()
    assert asked == [">=3.259.0"]


def test_a_command_that_is_too_old_is_one_line_with_where_to_get_another(engine):
    engine(Exception("Please upgrade the Pulumi CLI."))
    with pytest.raises(pulumi.RunError, match=r"^this program needs .* >=3\.259\.0: Please upgrade .* install it: "):
        components_engine.require_version()


def test_a_project_file_that_requires_no_version_asks_for_none(engine, monkeypatch, tmp_path):
    project = tmp_path / "Pulumi.yaml"
    project.write_text("name: pi-mesh\n")
    monkeypatch.setattr(components_engine, "PROJECT_FILE", project)
    asked = engine(None)
    components_engine.require_version()
    assert asked == []


BEING_WRITTEN = RuntimeError("invoke failed: failed to load checkpoint: EOF")
STACK = {"type": "pulumi:pulumi:Stack", "outputs": {"cluster": {"uid": "c"}}}


def test_the_engine_tells_it():
    seen = []
    record(
        lambda: seen.append(components_engine.recorded_state()),
        state={"urn:pulumi:test::pi-mesh::pulumi:pulumi:Stack::x": STACK},
    )
    assert seen[0].cluster_uid == "c"


@pytest.mark.parametrize(("organization", "name"), [("organization", "pi"), ("acme", "acme/pi-mesh/pi")])
def test_only_pulumi_cloud_is_asked_by_the_full_name(monkeypatch, organization, name):
    asked = []
    monkeypatch.setattr(pulumi, "get_organization", lambda: organization)
    monkeypatch.setattr(pulumi, "get_project", lambda: "pi-mesh")
    monkeypatch.setattr(pulumi, "get_stack", lambda: "pi")

    def invoke(_token: str, arguments: dict) -> None:
        asked.append(arguments["stackName"])
        raise RuntimeError("no answer")

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    with pytest.raises(pulumi.RunError, match=r"can't be read: no answer; nothing was touched"):
        components_engine.recorded_state()
    assert asked == [name]


@pytest.fixture
def engine_of_state(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Return `engine(answer, ...)`: set its answers in order; the list holds the pauses between the questions."""

    def answers(*given: object) -> list[float]:
        waiting, slept = iter(given), []

        def invoke(_token: str, _arguments: dict) -> InvokeResult:
            answer = next(waiting)
            if isinstance(answer, Exception):
                raise answer
            return InvokeResult({"outputs": answer})

        monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
        monkeypatch.setattr(components_engine.time, "sleep", slept.append)
        return slept

    return answers


def test_a_file_that_the_engine_is_writing_is_read_again(engine_of_state):
    slept = engine_of_state(BEING_WRITTEN, BEING_WRITTEN, {"x": STACK})
    assert components_engine.recorded_state().cluster_uid == "c"
    assert slept == [0.1, 0.2]


def test_a_file_that_stays_unreadable_is_an_error(engine_of_state):
    slept = engine_of_state(*[BEING_WRITTEN] * 6)
    with pytest.raises(pulumi.RunError, match="failed to load checkpoint: EOF; nothing was touched"):
        components_engine.recorded_state()
    assert sum(slept) == pytest.approx(3.1)
