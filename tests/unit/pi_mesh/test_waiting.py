"""Waiting for what comes true by itself."""

from operator import not_
from unittest.mock import Mock

import pytest

from pi_mesh import waiting
from tests.support.findings import case, table


@pytest.fixture
def until(monkeypatch):
    """Return `until(answers, ...)`: wait for these answers, each a second after the other."""
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(waiting.time, "monotonic", lambda: now)
    monkeypatch.setattr(waiting.time, "sleep", sleep)

    return lambda answers, **options: waiting.until(Mock(side_effect=answers), 2, 1, **options)


@table(
    case("with the first true answer", [0, "", "here"], {}, "here"),
    case("after the last second with the last answer as it is", [0, 0, "", "too late"], {}, ""),
    case("with nothing where nothing shall be left", [["a", "b"], ["b"], []], {"done": not_}, []),
    case("with all that is left", [["a", "b"]] * 4, {"done": not_}, ["a", "b"]),
)
def test_the_wait_ends(until, answers, options, result):
    assert until(answers, **options) == result


def test_each_answer_that_is_not_done_is_told(until):
    told: list[int] = []
    assert until([3, 2, 1], done=lambda left: left < 2, tell=told.append) == 1
    assert told == [3, 2]


def test_an_excused_error_is_no_answer_until_the_last_look(until):
    assert until([OSError("a"), 1], excused=(OSError,)) == 1
    with pytest.raises(OSError, match="c"):
        until([OSError("a"), OSError("b"), OSError("c")], excused=(OSError,))


def test_any_other_error_ends_the_wait(until):
    with pytest.raises(ValueError, match="a"):
        until([ValueError("a"), 1], excused=(OSError,))
