"""The machine's cgroup hierarchies, as the lab finds them."""

from pathlib import Path

from lab.cluster import cgroup


def test_cgroup_hierarchies_of_both_versions_are_found(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("cgroup /c/memory cgroup rw 0 0\nproc /proc proc rw 0 0\ncgroup2 /c/unified cgroup2 rw 0 0\n")
    assert cgroup.hierarchies(str(mounts)) == [Path("/c/memory"), Path("/c/unified")]


def test_a_process_of_another_pid_namespace_is_not_taken_for_the_callers_group(tmp_path, monkeypatch):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / cgroup.MEMBERS).write_text("0\n17\n0\n")
    monkeypatch.setattr(cgroup, "hierarchies", lambda: [tmp_path])
    assert cgroup.processes("/lab") == {17}
