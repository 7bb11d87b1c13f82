"""The page about growth."""

import pytest

from lab.bench.growth import growth_report
from lab.bench.growth.measurement import Measured
from lab.bench.growth.raw_rounds import Section, read, text
from lab.bench.plots import table

SIZES = (0, 10, 100, 1000)


def section(**by_command: float) -> Section:
    """Return a section of commands that take 1 s at 0 and these seconds more at each further one."""
    figures = [
        Measured("routes", name.replace("floor_", "floor: "), (1 + each * size,) * 3, size, 200 + size / 10)
        for size in SIZES
        for name, each in by_command.items()
    ]
    return Section("2026-11-27", "2 cores", tuple(figures))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        ({0: 5.0, 10: 5.0, 100: 6.0, 1000: 15.0}, "1.00"),
        ({0: 5.0, 10: 5.0, 100: 5.5, 1000: 55.0}, "2.00"),
        ({0: 5.0, 1000: 6.0, 2000: 6.0}, "0.00"),
    ],
)
def test_the_exponent_is_of_the_seconds_beyond_those_at_0_between_the_two_largest_sizes(seconds, shown):
    assert growth_report.exponent(seconds) == shown


@pytest.mark.parametrize(
    "seconds", [{0: 5.0, 100: 5.05, 1000: 5.09}, {0: 5.0, 100: 4.0, 1000: 4.5}, {0: 5.0, 100: 9.0}]
)
def test_less_than_a_tenth_of_a_second_or_a_single_size_has_no_exponent(seconds):
    assert growth_report.exponent(seconds) == "none"


def test_growth_that_begins_at_the_largest_size_has_a_lower_bound_and_is_not_hidden():
    assert growth_report.exponent({0: 5.0, 100: 5.0, 1000: 15.0}) == "over 2.00"


def test_the_ratio_to_the_floor_is_of_the_same_round_and_size():
    ours = Measured("routes", "up", (2.0, 9.0, 8.0), 10, 1)
    floor = Measured("routes", "floor: up", (1.0, 3.0, 2.0), 10, 1)
    assert growth_report.ratios(Section("day", "machine", (ours, floor))) == {"up": {10: 3.0}}


def test_a_row_has_the_seconds_the_exponent_and_the_memory_and_the_floor_comes_with_ratios():
    page = growth_report.page({"routes": section(up=0.02, floor_up=0.01)})
    assert list(table(page))[:2] == [
        ["command", *(f"s at {n}" for n in ("0", "10", "100", "1,000")), "exponent"]
        + [f"MiB at {n}" for n in ("0", "10", "100", "1,000")],
        ["up", "1.00", "1.20", "3.00", "21.00", "1.00", "200", "201", "210", "300"],
    ]
    assert list(table(page.partition("this program by")[2])) == [
        ["this program / floor", "0", "10", "100", "1,000"],
        ["up", "1.00", "1.09", "1.50", "1.91"],
    ]
    assert "3 rounds, on 2 cores" in page


def test_a_dimension_that_was_not_measured_keeps_its_figures_by_the_raw_file(tmp_path):
    sections = {"routes": section(up=0.02), "nodes": section(verify=0.01)}
    (tmp_path / "growth.json").write_text(text(sections))
    again = read(tmp_path / "growth.json")
    assert growth_report.page(again) == growth_report.page(sections)
    assert growth_report.page(sections).index("## Routes") < growth_report.page(sections).index("## Nodes")
