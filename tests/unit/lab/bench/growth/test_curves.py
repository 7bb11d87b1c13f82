"""The plot of the growth."""

from xml.etree import ElementTree

import pytest

from lab.bench.growth import curves, growth_report
from lab.bench.growth.measurement import Measured
from lab.bench.growth.raw_rounds import Section
from lab.bench.plots import apart

SECTION = Section(
    "2026-11-27",
    "2 cores",
    tuple(
        Measured("routes", name, (1 + size / 100,) * 3, size, 200)
        for name in ("pulumi up", "floor: pulumi up", "verify")
        for size in (0, 10, 1000)
    ),
)


@pytest.fixture
def drawn() -> ElementTree.Element:
    return ElementTree.fromstring(curves.growth(growth_report.page({"routes": SECTION, "pods": SECTION})))


def test_every_line_has_its_last_seconds_and_every_dimension_its_panel(drawn):
    words = [element.text for element in drawn.iter() if element.tag.endswith("text")]
    assert {"Routes and policies", "Pods", "11.0 s  pulumi up", "11.0 s  floor: pulumi up"} <= {*words}
    assert words.count("11.0 s  verify") == 2


def test_only_the_floor_is_dashed(drawn):
    dashed = [element for element in drawn.iter() if "stroke-dasharray" in element.get("style", "")]
    assert len(dashed) == 2


def test_labels_of_equal_values_stand_apart_and_above_the_axis():
    assert apart([5.0, 5.0, 9.0], 1.0) == [4.5, 5.5, 9.0]
    assert apart([0.0, 0.1, 0.1], 1.0) == pytest.approx([0.5, 1.5, 2.5])
