"""The demo's scenes, with invented answers of the mesh."""

from itertools import cycle

import pytest

from lab import calls
from lab.demo import application, scenes
from lab.demo.application import Answer
from tests.support.findings import case, table

ONCE = "of 100 orders 50 were accepted and 50 failed; 100 arrived, none more than 1 time"
FAILING = [Answer(201, ""), Answer(503, "")]
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


@table(
    case("a canary is counted", scenes.canary, NINE_TO_ONE, 1, "of 500 prices 450 came from v1 and 50 from v2"),
    case("a canary that gets nothing", scenes.canary, [Answer(200, "v1")], 1, "  NOT "),
    case("a canary that gets half", scenes.canary, [Answer(200, "v1"), Answer(200, "v2")], 1, "  NOT "),
    case("a canary with failures", scenes.canary, [Answer(503, "v1")], 1, "  NOT "),
    case("an order arrives once also where it failed", scenes.orders, FAILING, 0, ONCE),
    case("an order that arrives twice", scenes.orders, FAILING, 1, "  NOT orders"),
)
def test_what_arrives_is_counted(mesh, scene, answers, repeats, says):
    mesh(answers, repeats)
    result = scene("")
    assert (result.is_as_expected, says in str(result)) == ("NOT" not in says, True)


@table(
    (scenes.no_sidecar, calls.Answer(calls.REFUSED, "reset by peer"), True),
    (scenes.no_sidecar, calls.Answer(200, ""), False),
    (scenes.default_deny, calls.Answer(403, "RBAC: access denied"), True),
    (scenes.default_deny, calls.Answer(201, ""), False),
)
def test_a_caller_must_be_refused(monkeypatch, scene, answer, as_expected):
    monkeypatch.setattr(scenes, "call", lambda *_: answer)
    assert scene("").is_as_expected is as_expected
