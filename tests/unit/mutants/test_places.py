"""The sample of mutants; `make mutants` installs the package that these tests need."""

from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray")

from tests.mutants import places

LEFT_OF_A_THIRD = """\
def is_late(left: float | None, whole: float) -> bool | None:
    wait: int | str = 3
    return left < whole / wait
"""


@pytest.fixture
def rooms(tmp_path, monkeypatch) -> Path:
    """Return the folder of two rooms, one larger than the other."""
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "ROOMS", {"small": ("small",), "large": ("large",)})
    for room, text in {"small": LEFT_OF_A_THIRD, "large": LEFT_OF_A_THIRD * 5}.items():
        (tmp_path / room).mkdir()
        (tmp_path / room / "late.py").write_text(text)
    return tmp_path


@pytest.mark.usefixtures("rooms")
def test_one_seed_gives_one_sample():
    assert places.sample("a", 4) == places.sample("a", 4)
    assert places.sample("a", 4) != places.sample("b", 4)


@pytest.mark.usefixtures("rooms")
def test_rooms_have_equal_parts_whatever_their_size_and_a_place_is_changed_once():
    mutants = places.sample("a", 6)
    assert Counter(mutant.room for mutant in mutants) == {"small": 3, "large": 3}
    assert len({(mutant.file, mutant.line, mutant.column) for mutant in mutants}) == 6


def test_operators_and_numbers_are_changed_but_no_annotation(rooms):
    lines = {(mutant.line, mutant.column) for mutant in places.of_file("small", rooms / "small/late.py")}
    assert lines == {(2, 22), (3, 16), (3, 24)}


def test_a_mutant_differs_in_its_line_alone(rooms):
    for mutant in places.of_file("small", rooms / "small/late.py"):
        before = LEFT_OF_A_THIRD.splitlines()[mutant.line - 1]
        assert mutant.diff[0] == f"-{before}"
        assert len(mutant.diff) == 2
        assert mutant.diff[1] != f"+{before}"


def test_an_operator_is_changed_to_one_that_may_be_confused_with_it(rooms):
    lines = ("same = 1 == 1", "none = same is None", "less = 3 - 2", "sign = -less", "yes = not same", "few = 1 < 2")
    (rooms / "small/late.py").write_text("\n".join(lines) + "\n")
    found = places.of_file("small", rooms / "small/late.py")
    changes = {mutant.diff[1] for mutant in found if mutant.operator != "core/NumberReplacer"}
    compared = {"+same = 1 != 1", "+none = same is not None", "+few = 1 <= 2", "+few = 1 >= 2"}
    assert changes == compared | {"+less = 3 + 2", "+sign = +less", "+sign = less", "+yes =  same"}


def test_what_is_no_python_is_no_mutant(rooms):
    for room in ("small", "large"):
        (rooms / room / "late.py").write_text("one, two = {}, {}\nboth = {**one, **two}\nsum_ = 1 + 2\n")
    assert {mutant.line for mutant in places.sample("a", 6)} == {3}
