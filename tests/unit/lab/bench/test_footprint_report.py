"""The footprint's report: the reach of a limit, and the content of a container's cgroup."""

import pytest

from lab.bench.container_usage import MEBI, Container, Footprint
from lab.bench.footprint_report import WITH, WITHOUT, page
from lab.cluster.shell import LabError

SIZES = (0, 300, 1000, 3000)


def series(**memory: tuple[int, ...]) -> list[Footprint]:
    """Return the footprints of istiod and both sidecars in MiB, at each size."""
    names = {"istiod": "istiod", "scoped": "sidecar, default scope", "whole": "sidecar, whole mesh"}
    return [
        Footprint(names[part], services, mebi * MEBI, 1.0, 0.01)
        for part, values in memory.items()
        for services, mebi in zip(SIZES, values, strict=True)
    ]


@pytest.fixture
def text():
    grown = series(istiod=(60, 82, 133, 280), scoped=(44, 44, 44, 44), whole=(28, 55, 119, 301))
    still = series(istiod=(60, 60, 62, 66), scoped=(44, 44, 44, 44), whole=(28, 28, 28, 28))
    return page({WITHOUT: grown, WITH: still})


def test_each_series_has_its_table_in_which_memory_above_the_limit_is_bold(text):
    memory = text.partition("## Memory at rest")[2].partition("\n## ")[0]
    assert memory.index(f"### {WITHOUT}") < memory.index("| istiod | 60 | 82 | 133 | **280** |")
    assert memory.index(f"### {WITH}") < memory.index("| istiod | 60 | 60 | 62 | 66 |")


def test_a_part_reaches_the_limit_where_its_line_does_and_is_warned_of_before(text):
    assert "| istiod | 60 | 75 | 2,676 | 928 |" in text
    assert "| sidecar, default scope | 44 | 0 | does not grow | does not grow |" in text


def test_a_line_is_drawn_out_no_further_than_ten_times_what_was_measured(text):
    assert "| istiod | 60 | 2 | over 30,000 |" in text


def test_services_that_istiod_does_not_watch_give_no_warning(text):
    _, _, selected = text.partition("## How far")[2].partition(f"### {WITH}")
    assert "| sidecar, whole mesh | 28 | 0 | does not grow |\n" in selected


def test_istios_own_figures_stand_beside_those_of_as_many_services(text):
    own = text.partition("## Beside Istio's own figures")[2]
    assert "60 MB (57 MiB)" in own
    assert "| 44 MiB with as many threads" in own
    assert "| 133 MiB for 1,000 services" in own
    assert "takes 1.3 times the memory" in own


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


def test_a_container_that_has_ended_is_an_error_of_one_line(tmp_path):
    with pytest.raises(LabError, match="a measured container has ended"):
        _ = Container((tmp_path,)).memory
