"""The announcement of what the lab takes of a machine."""

import shutil

import pytest

from lab.toolchain import announcement, catalog, debian, disk

pytestmark = pytest.mark.usefixtures("tool_cache")
RUNC = debian.PACKAGES[0]


@pytest.fixture
def announced(capsys, monkeypatch):
    """Return `announced(missing packages)`: the lines of a machine with an empty cache and 100 GB of free disk."""

    def said(packages: list[debian.Package]) -> list[str]:
        monkeypatch.setattr(debian, "missing", lambda: packages)
        announcement.announce.cache_clear()
        announcement.announce()
        return capsys.readouterr().out.splitlines()

    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 9 * 10**11, 10**11))
    yield said
    announcement.announce.cache_clear()


def test_time_disk_packages_and_root_are_said(announced, tool_cache):
    _, time, space, packages, root = announced([RUNC])
    assert f"minutes on 2 quiet cores, to build {len(catalog.DEFAULT)} programs from source" in time
    assert f"for good; 100 GB are free in {tool_cache}" in space
    assert "apt-get install runc" in packages
    assert "network namespaces" in root


def test_it_is_said_once_in_a_process(announced, capsys):
    announced([RUNC])
    announcement.announce()
    assert capsys.readouterr().out == ""


def test_a_machine_that_has_everything_is_told_nothing(announced, monkeypatch):
    monkeypatch.setattr(announcement.programs, "missing", lambda _: [])
    assert announced([]) == []


def test_too_little_disk_is_refused_before_anything_is_taken(announced, monkeypatch):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 10**9))
    with pytest.raises(disk.DiskSpaceError):
        announced([RUNC])


def test_one_program_is_counted_as_one():
    assert announcement.counted([catalog.BY_NAME["fortio"]]) == "1 program"
