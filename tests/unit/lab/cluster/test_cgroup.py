"""The machine's cgroup hierarchies, as the lab finds them."""

from pathlib import Path

from lab.cluster import cgroup


def test_cgroup_hierarchies_of_both_versions_are_found(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("cgroup /c/memory cgroup rw 0 0\nproc /proc proc rw 0 0\ncgroup2 /c/unified cgroup2 rw 0 0\n")
    assert cgroup.hierarchies(str(mounts)) == [Path("/c/memory"), Path("/c/unified")]
