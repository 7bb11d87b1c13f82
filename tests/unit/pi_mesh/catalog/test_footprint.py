"""The measured growth of memory in the catalog, and the page that it is read off."""

import pytest

from lab.bench.footprint_report import growth
from lab.bench.plots import memory
from lab.pictures.__main__ import DOCS
from pi_mesh.catalog.footprint import GATEWAY, ISTIOD, SIDECAR, Growth

PARTS = {"istiod": ISTIOD, "ingress gateway": GATEWAY, "sidecar, whole mesh": SIDECAR}


@pytest.mark.parametrize("part", PARTS)
def test_the_growth_in_the_catalog_is_that_of_the_measured_page(part):
    _, services, parts = next(memory((DOCS / "footprint.md").read_text()))
    assert PARTS[part] == growth(services, parts[part]), "write it into pi_mesh/catalog/footprint.py"


def test_a_limit_is_reached_by_fewer_services_the_wider_the_margin():
    assert [Growth(56, 100).reach(256, margin) for margin in (1, 2)] == [2048, 737]


def test_memory_that_hardly_grows_reaches_no_limit():
    assert Growth(45, 1).reach(256) is None
