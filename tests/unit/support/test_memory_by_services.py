"""The measurement of the mesh's memory: the content of a container's cgroup, and the wait until all rests."""

import pytest

from lab.cluster.shell import LabError
from tests.support import memory_by_services
from tests.support.memory_by_services import Container


class Worker:
    """A container that takes a whole core for so many seconds, and then rests."""

    def __init__(self, clock: list[float], seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    @property
    def cpu(self) -> float:
        return min(self.clock[0], self.seconds)


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(memory_by_services.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(memory_by_services.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def test_the_wait_lasts_until_the_last_container_rests(clock):
    memory_by_services._rest({"istiod": Worker(clock, 10), "sidecar": Worker(clock, 50)})
    assert clock[0] == pytest.approx(75, abs=1)


def test_containers_that_never_rest_are_an_error(clock):
    with pytest.raises(LabError, match="istiod and its proxies at rest: not reached after 600 s"):
        memory_by_services._rest({"istiod": Worker(clock, 10_000)})


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
