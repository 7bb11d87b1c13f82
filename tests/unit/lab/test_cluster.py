"""The local cluster's small parts: names, records, waits, certificates and commands."""

import stat
from pathlib import Path

import pytest

from lab.cluster import certificates, cgroup, names, records, waiting
from lab.cluster.shell import LabError, run
from tests.support.findings import case, table


def test_only_root_reads_a_private_key(tmp_path, monkeypatch):
    monkeypatch.setattr(names, "PKI", tmp_path / "pki")
    certificates.create_authority()
    assert stat.S_IMODE(names.key_file("ca").stat().st_mode) == 0o600


def test_a_half_written_record_counts_as_none_and_a_port_has_its_forwarders_name(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RECORDS", tmp_path)
    (tmp_path / "torn.json").write_text('{"name": "torn", "pi')
    records.write_port("ingress", 31_000)
    assert records.find("torn") is None
    assert (records.find_port("ingress"), records.find_port("vault")) == (31_000, None)


def test_cgroup_hierarchies_of_both_versions_are_found(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("cgroup /c/memory cgroup rw 0 0\nproc /proc proc rw 0 0\ncgroup2 /c/unified cgroup2 rw 0 0\n")
    assert cgroup.hierarchies(str(mounts)) == [Path("/c/memory"), Path("/c/unified")]


def test_a_process_of_another_pid_namespace_is_not_taken_for_the_callers_group(tmp_path, monkeypatch):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / cgroup.MEMBERS).write_text("0\n17\n0\n")
    monkeypatch.setattr(cgroup, "hierarchies", lambda: [tmp_path])
    assert cgroup.processes("/lab") == {17}


@table(
    case("what is so for long enough lasts", "TTT", "FFT"),
    case("what was not so in between begins anew", "TFTTT", "FFFFT"),
)
def test_a_condition_must_last_for_two_seconds(monkeypatch, states, lasting):
    clock = [0]
    monkeypatch.setattr(waiting.time, "monotonic", lambda: clock[0])
    look, looks = waiting.lasting(iter([state == "T" for state in states]).__next__, 2), ""
    for clock[0] in range(len(states)):
        looks += "T" if look() else "F"
    assert looks == lasting


def test_a_failed_command_is_told_with_its_last_line():
    with pytest.raises(LabError, match=r"sh -c .* failed \(3\): the reason$"):
        run("sh", "-c", "echo noise; echo the reason >&2; exit 3")
