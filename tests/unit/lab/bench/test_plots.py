"""The plots of the measured pages."""

from xml.etree import ElementTree

import pytest

from lab.bench import plots
from lab.pictures.__main__ import DOCS, PLOTS

BENCH = """\
| job | contender | median s | least | most | pulumi / this |
|---|---|---|---|---|---|
| install | pulumi up | 3.50 | 3.00 | 4.00 | 1.00 |
| install | helm | 7.00 | 6.00 | 8.00 | 0.50 |
| preview | pulumi preview | 1.25 | 1.00 | 2.00 | 1.00 |
"""
FOOTPRINT = """\
## Memory at rest, MiB

| services | 10 | 1000 |
|---|---|---|
| istiod | 65 | 133 |

## CPU

| services | 10 | 1000 |
|---|---|---|
| istiod | 1 | 2 |
"""


def words(svg: str) -> list[str]:
    """Return the words that are written in a picture."""
    return [element.text for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]


def test_a_table_ends_where_the_next_text_begins():
    assert list(plots.table(FOOTPRINT)) == [["services", "10", "1000"], ["istiod", "65", "133"]]


def test_every_bar_has_its_number_and_every_job_its_panel():
    drawn = words(plots.comparison(BENCH))
    assert {"3.50 s", "7.00 s", "1.25 s", "pulumi up", "helm", "install", "preview"} <= set(drawn)


def test_the_memory_is_drawn_on_linear_axes_with_the_limit():
    drawn = words(plots.footprint(FOOTPRINT))
    assert {"133  istiod", "limit, 256 MiB", "10", "1000"} <= set(drawn)


def test_each_series_of_the_memory_has_a_panel_with_its_limit():
    two = FOOTPRINT.replace("\n| services | 10 |", "\n### Without\n\n| services | 10 |", 1).replace("133", "**280**")
    two = two.replace("## CPU", "### With\n\n| services | 10 | 1000 |\n|---|---|---|\n| istiod | 65 | 66 |\n\n## CPU")
    drawn = words(plots.footprint(two))
    assert {"Without", "280  istiod", "With", "66  istiod"} <= set(drawn)
    assert drawn.count("limit, 256 MiB") == 2


def test_labels_are_moved_apart_in_their_order_and_no_further_than_they_must():
    assert plots.apart([100, 45, 44, 200], 10) == [100, 49.5, 39.5, 200]
    # The third joins the first two only when these have moved.
    assert plots.apart([50, 51, 60], 10) == pytest.approx([43.67, 53.67, 63.67], abs=0.01)
    assert plots.apart([1, 2], 10) == [5, 15]


def test_the_same_page_gives_the_same_picture():
    assert plots.comparison(BENCH) == plots.comparison(BENCH)


@pytest.mark.parametrize("page", PLOTS)
def test_a_plot_in_the_documents_shows_the_figures_of_its_page(page):
    drawn = (DOCS / f"{page}.svg").read_text()
    assert words(drawn) == words(PLOTS[page]((DOCS / f"{page}.md").read_text())), "run `python -m lab.pictures`"
