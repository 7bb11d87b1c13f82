"""The spans of a time line."""

from lab.bench.timeline.spans import Span, lanes, rows

LONG, INSIDE, AFTER = (Span("engine", name, *times) for name, *times in (("a", 0, 4), ("b", 1, 2), ("c", 4, 5)))


def test_lanes_are_in_the_order_of_their_beginnings():
    assert [*lanes([LONG, Span("pod", "d", -1, 9), AFTER])] == ["pod", "engine"]


def test_no_span_covers_another_one():
    assert rows([AFTER, INSIDE, LONG]) == [[LONG, AFTER], [INSIDE]]
