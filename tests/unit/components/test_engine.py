"""The questions to the engine: the version of the `pulumi` command, and the state of the stack."""

import pulumi
import pytest
from pulumi.runtime.invoke import InvokeResult

from components import engine
from tests.support.findings import case, table
from tests.support.recorder import record

BEING_WRITTEN = RuntimeError("invoke failed: failed to load checkpoint: EOF")
STACK = {"type": "pulumi:pulumi:Stack", "outputs": {"cluster": {"uid": "c"}}}


@table(
    case("that of the project file", engine.PROJECT_FILE.read_text(), [">=3.259.0"]),
    case("none where the project file requires none", "name: pi-mesh\n", []),
)
def test_the_engine_is_asked_for_a_version(monkeypatch, tmp_path, text, ranges):
    asked: list[str] = []
    (tmp_path / "Pulumi.yaml").write_text(text)
    monkeypatch.setattr(engine, "PROJECT_FILE", tmp_path / "Pulumi.yaml")
    monkeypatch.setattr(pulumi, "require_pulumi_version", asked.append)
    engine.require_version()
    assert asked == ranges


def test_the_engine_tells_the_state():
    states = []
    urn = "urn:pulumi:test::pi-mesh::pulumi:pulumi:Stack::x"
    record(lambda: states.append(engine.recorded_state()), state={urn: STACK})
    assert states[0].cluster_uid == "c"


@pytest.fixture
def answers(monkeypatch):
    """Return `answers(answer, ...)`: set the engine's answers in order; names asked for, pauses in between."""

    def run(*given: object) -> tuple[list[str], list[float]]:
        waiting, names, pauses = iter(given), [], []

        def invoke(_token: str, arguments: dict) -> InvokeResult:
            names.append(arguments["stackName"])
            answer = next(waiting)
            if isinstance(answer, Exception):
                raise answer
            return InvokeResult({"outputs": answer})

        monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
        monkeypatch.setattr(engine.time, "sleep", pauses.append)
        return names, pauses

    return run


@pytest.mark.parametrize(("organization", "name"), [("organization", "pi"), ("acme", "acme/pi-mesh/pi")])
def test_only_pulumi_cloud_is_asked_by_the_full_name(answers, monkeypatch, organization, name):
    for question, answer in (("organization", organization), ("project", "pi-mesh"), ("stack", "pi")):
        monkeypatch.setattr(pulumi, f"get_{question}", lambda answer=answer: answer)
    names, _ = answers(RuntimeError("no answer"))
    with pytest.raises(pulumi.RunError, match=r"can't be read: no answer; nothing was touched"):
        engine.recorded_state()
    assert names == [name]


def test_a_file_that_the_engine_is_writing_is_read_again(answers):
    _, pauses = answers(BEING_WRITTEN, BEING_WRITTEN, {"x": STACK})
    assert engine.recorded_state().cluster_uid == "c"
    assert pauses == [0.1, 0.2]


def test_a_file_that_stays_unreadable_is_an_error(answers):
    _, pauses = answers(*[BEING_WRITTEN] * 6)
    with pytest.raises(pulumi.RunError, match="failed to load checkpoint: EOF; nothing was touched"):
        engine.recorded_state()
    assert sum(pauses) == pytest.approx(3.1)
