"""The footprint's report: the reach of a limit, and the content of a container's cgroup."""

import pytest

from lab.bench.container_usage import Container, Footprint
from lab.bench.footprint_report import MEBI, page, reach


def footprints(part: str, **memory: int) -> list[Footprint]:
    """Return footprints in MiB by number of services, as s10=100."""
    return [Footprint(part, int(size[1:]), mebi * MEBI, 1.0, 0.01) for size, mebi in memory.items()]


def test_a_part_that_grows_reaches_its_limit_where_the_line_does():
    assert reach(footprints("istiod", s100=110, s200=120, s300=130)) == 1560


def test_a_part_that_does_not_grow_reaches_it_never():
    assert reach(footprints("sidecar", s100=50, s200=50, s300=50)) is None


def test_the_page_has_a_row_a_part_and_a_column_a_size():
    text = page([*footprints("istiod", s10=110, s50=120), *footprints("sidecar", s10=40, s50=40)])
    assert "| services | 10 | 50 |" in text
    assert "| istiod | 110 | 120 |" in text
    assert "- sidecar: does not grow with them" in text


@pytest.mark.parametrize(
    "files",
    [
        {"memory.usage_in_bytes": "300", "memory.stat": "total_inactive_file 100\n", "cpuacct.usage": "2000000000"},
        {"memory.current": "300", "memory.stat": "inactive_file 100\n", "cpu.stat": "usage_usec 2000000\n"},
    ],
    ids=["cgroup v1", "cgroup v2"],
)
def test_a_containers_use_is_read_from_either_kind_of_cgroup(files, tmp_path):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    container = Container((tmp_path,))
    assert (container.memory, container.cpu) == (200, 2.0)
