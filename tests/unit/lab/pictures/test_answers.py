"""The plots of Prometheus' answers."""

import re

from lab.pictures import answers
from pi_mesh.monitoring.dashboards import Panel

MEMORY = Panel("Memory", "bytes", {"{{pod}}": "memory"})
LIFE = Panel("Life left", "s", {"{{pod}}": "life"})
MIB = 1024 * 1024
END, STEP = 1000.0, 10


def line(pod: str, *values: float, begin: float = END - 40) -> dict:
    """Return a series with one value each ten seconds."""
    return {"metric": {"pod": pod}, "values": [(begin + STEP * n, str(value)) for n, value in enumerate(values)]}


def drawn(panel: Panel, *lines: dict) -> str:
    return answers.picture([(panel, list(lines)), (panel, [])], END, STEP)


def test_each_line_has_its_name_and_its_last_value_in_the_readers_unit():
    picture = drawn(MEMORY, line("a", 1 * MIB, 2.5 * MIB), line("b", 3 * MIB))
    assert ">2.5  a<" in picture
    assert ">3  b<" in picture
    assert ">MiB<" in picture


def test_a_long_life_is_drawn_in_days():
    picture = drawn(LIFE, line("a", 3 * 86400))
    assert ">3  a<" in picture
    assert ">days<" in picture


def test_a_short_life_is_drawn_in_seconds():
    assert ">seconds<" in drawn(LIFE, line("a", 0.25))


def test_no_line_is_drawn_while_a_series_is_away():
    away = line("a", 1, 2)
    away["values"] += line("a", 3, 4, begin=END)["values"]
    (path,) = re.findall(r'<path d="([^"]+)" clip-path', drawn(MEMORY, away))
    assert path.count("M ") == 2


def test_the_same_answers_give_the_same_picture():
    assert drawn(MEMORY, line("a", 1, 2)) == drawn(MEMORY, line("a", 1, 2))
