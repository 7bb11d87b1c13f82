"""The program's knowledge of its own state before the run."""

from collections.abc import Callable

import pulumi
import pytest
from pulumi.runtime.invoke import InvokeResult

from components import state
from tests.support.recorder import record

BEING_WRITTEN = RuntimeError("invoke failed: failed to load checkpoint: EOF")
STACK = {"type": "pulumi:pulumi:Stack", "outputs": {"cluster": {"uid": "c"}}}


def test_the_engine_tells_it():
    seen = []
    record(lambda: seen.append(state.read()), state={"urn:pulumi:test::pi-mesh::pulumi:pulumi:Stack::x": STACK})
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
        state.read()
    assert asked == [name]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Return `engine(answer, ...)`: set its answers in order; the list holds the pauses between the questions."""

    def answers(*given: object) -> list[float]:
        waiting, slept = iter(given), []

        def invoke(_token: str, _arguments: dict) -> InvokeResult:
            answer = next(waiting)
            if isinstance(answer, Exception):
                raise answer
            return InvokeResult({"outputs": answer})

        monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
        monkeypatch.setattr(state.time, "sleep", slept.append)
        return slept

    return answers


def test_a_file_that_the_engine_is_writing_is_read_again(engine):
    slept = engine(BEING_WRITTEN, BEING_WRITTEN, {"x": STACK})
    assert state.read().cluster_uid == "c"
    assert slept == [0.1, 0.2]


def test_a_file_that_stays_unreadable_is_an_error(engine):
    slept = engine(*[BEING_WRITTEN] * 6)
    with pytest.raises(pulumi.RunError, match="failed to load checkpoint: EOF; nothing was touched"):
        state.read()
    assert sum(slept) == pytest.approx(3.1)
