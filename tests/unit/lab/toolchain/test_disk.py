"""Free disk, which a build needs before it begins."""

import shutil

import pytest

from lab.toolchain import catalog, disk

pytestmark = pytest.mark.usefixtures("tool_cache")
FORTIO = catalog.BY_NAME["fortio"]


def test_too_little_disk_is_refused_before_a_build_with_both_numbers(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 3 * 10**9))
    with pytest.raises(disk.DiskSpaceError, match=r"needs 34.0 GB .* 3.0 GB are free .* PI_MESH_CACHE"):
        disk.require_space(catalog.PARTS)


def test_a_small_build_asks_for_less_disk_than_all_of_it():
    assert 0 == disk.needed([]) < disk.needed([FORTIO]) < disk.needed(catalog.PARTS)
