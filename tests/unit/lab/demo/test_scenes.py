"""The demo's scenes, with invented answers of the mesh."""

from itertools import cycle

import pytest

from lab import calls
from lab.demo import application, scenes
from lab.demo.application import Answer
from tests.support.findings import table

NINE_TO_ONE = [*[Answer(200, "v1")] * 9, Answer(200, "v2")]


@pytest.fixture
def mesh(monkeypatch):
    """Return `mesh(answers, repeats)`: answers in a row, the request of every one that failed also `repeats` times."""

    def play(answers: list[Answer], repeats: int = 0) -> None:
        arrivals: list[tuple[str, str]] = []
        row = cycle(answers)

        def ask(_: str, method: str, path: str, body: str | None = None) -> Answer:
            answer = next(row)
            arrivals.extend([(method, path)] * (1 + repeats * (answer.status == 503 or body is None)))
            return answer

        monkeypatch.setattr(application, "ask", ask)
        monkeypatch.setattr(application, "arrived", lambda *_: list(arrivals))

    return play


def test_the_canary_is_counted(mesh):
    mesh(NINE_TO_ONE, repeats=1)
    result = scenes.canary("")
    assert result.is_as_expected
    assert "of 500 prices 450 came from v1 and 50 from v2" in result.text


@pytest.mark.parametrize("answers", [[Answer(200, "v1")], [Answer(200, "v1"), Answer(200, "v2")], [Answer(503, "v1")]])
def test_a_canary_of_other_weights_or_with_failures_is_not_as_expected(mesh, answers):
    mesh(answers, repeats=1)
    assert not scenes.canary("").is_as_expected


def test_an_order_arrives_once_also_where_it_failed(mesh):
    mesh([Answer(201, ""), Answer(503, "")])
    result = scenes.orders("")
    assert result.is_as_expected
    assert "of 100 orders 50 were accepted and 50 failed; 100 arrived, none more than 1 time" in result.text


def test_an_order_that_arrives_twice_is_not_as_expected(mesh):
    mesh([Answer(201, ""), Answer(503, "")], repeats=1)
    result = scenes.orders("")
    assert not result.is_as_expected
    assert str(result).startswith("  NOT orders")


@table(
    (scenes.no_sidecar, calls.Answer(calls.REFUSED, "reset by peer"), True),
    (scenes.no_sidecar, calls.Answer(200, ""), False),
    (scenes.default_deny, calls.Answer(403, "RBAC: access denied"), True),
    (scenes.default_deny, calls.Answer(201, ""), False),
)
def test_a_caller_must_be_refused(monkeypatch, scene, answer, as_expected):
    monkeypatch.setattr(scenes, "call", lambda *_: answer)
    assert scene("").is_as_expected is as_expected
