"""The measurement of the mesh's memory: the content of a container's cgroup."""

import pytest

from lab.cluster.shell import LabError
from tests.support.memory_by_services import Container

OF_V1 = {"memory.usage_in_bytes": "300", "memory.stat": "total_inactive_file 100\n", "cpuacct.usage": "2000000000"}
OF_V2 = {"memory.current": "300", "memory.stat": "inactive_file 100\n", "cpu.stat": "usage_usec 2000000\n"}


@pytest.mark.parametrize("files", [OF_V1, OF_V2], ids=["cgroup v1", "cgroup v2"])
def test_a_containers_use_is_read_from_either_kind_of_cgroup(files, tmp_path):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    container = Container((tmp_path,))
    assert (container.memory, container.cpu) == (200, 2.0)


def test_a_container_that_has_ended_is_an_error_of_one_line(tmp_path):
    with pytest.raises(LabError, match="a measured container has ended"):
        _ = Container((tmp_path,)).memory
