"""The measured growth of memory in the catalog, and the page that it is read off."""

from pathlib import Path
from statistics import linear_regression

import pytest

from pi_mesh.catalog.footprint import GATEWAY, ISTIOD, SIDECAR, Growth

PAGE = Path(__file__).parents[4] / "docs" / "figures" / "footprint.md"
PARTS = {"istiod": ISTIOD, "ingress gateway": GATEWAY, "sidecar, whole mesh": SIDECAR}


def memory_table() -> dict[str, list[int]]:
    """Return the first table of the memory at rest: the numbers of services, and the MiB of each part."""
    table = PAGE.read_text().partition("## Memory at rest")[2].partition("\n| ")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if not line.startswith("|---")]
    return {name: [int(cell.strip("*")) for cell in cells] for name, *cells in rows}


@pytest.mark.parametrize("part", PARTS)
def test_the_growth_in_the_catalog_is_that_of_the_measured_page(part):
    table = memory_table()
    slope, start = linear_regression(table["services"], table[part])
    assert PARTS[part] == Growth(round(start), round(slope * 1024)), "write it into pi_mesh/catalog/footprint.py"


def test_a_limit_is_reached_by_fewer_services_the_wider_the_margin_and_by_none_where_memory_hardly_grows():
    assert [Growth(56, 100).reach(256, margin) for margin in (1, 2)] == [2048, 737]
    assert Growth(45, 1).reach(256) is None
