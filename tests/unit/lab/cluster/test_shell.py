"""Short commands of the lab, and the message of a failed one."""

import pytest

from lab.cluster.shell import LabError, run


def test_a_failed_command_is_told_with_its_last_line():
    with pytest.raises(LabError, match=r"sh -c .* failed \(3\): the reason$"):
        run("sh", "-c", "echo noise; echo the reason >&2; exit 3")
