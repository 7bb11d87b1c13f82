"""The announcement of what the lab takes of a machine, and the tool cache cleaned by hand."""

import shutil

import pytest

from lab.toolchain import cache, catalog, contents, debian, go_toolchain, images, programs

RUNC = debian.PACKAGES[0]


@pytest.fixture
def full_tool_cache(tmp_path, monkeypatch):
    """Return a cache in which every part is there, as empty files."""
    monkeypatch.setenv("PI_MESH_CACHE", str(tmp_path))
    for part in catalog.PARTS:
        for place in (*(f"bin/{name}" for name in part.programs), *part.files):
            file = cache.part_folder(part) / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    return tmp_path


@pytest.mark.parametrize("old", ["parts/fortio-0123456789ab", "images-0123456789ab", "charts-0123456789ab"])
def test_what_another_version_of_the_lab_made_is_removed(full_tool_cache, old):
    (full_tool_cache / old).mkdir()
    assert contents.prune() == [full_tool_cache / old]
    assert not (full_tool_cache / old).exists()


@pytest.mark.usefixtures("full_tool_cache")
def test_what_this_checkout_uses_stays_and_what_a_killed_build_left_is_removed():
    images.folder().mkdir()
    (go_toolchain.scratch()[0] / "00").mkdir(parents=True)
    contents.prune()
    assert images.folder().is_dir()
    assert programs.missing(catalog.BY_NAME) == []
    assert not go_toolchain.scratch()[0].exists()


@pytest.fixture
def announced(tool_cache, capsys, monkeypatch):  # noqa: ARG001 - an empty cache
    """Return `announced(missing packages)`: the lines of a machine with an empty cache and 100 GB of free disk."""

    def said(packages: list[debian.Package]) -> list[str]:
        monkeypatch.setattr(debian, "missing", lambda: packages)
        contents.announce.cache_clear()
        contents.announce()
        return capsys.readouterr().out.splitlines()

    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 9 * 10**11, 10**11))
    yield said
    contents.announce.cache_clear()


def test_time_disk_packages_and_root_are_said_once_in_a_process(announced, tool_cache, capsys):
    _, time, space, packages, root = announced([RUNC])
    assert f"minutes on 2 quiet cores, to build {len(catalog.DEFAULT)} programs from source" in time
    assert f"for good; 100 GB are free in {tool_cache}" in space
    assert "apt-get install runc" in packages
    assert "network namespaces" in root
    contents.announce()
    assert capsys.readouterr().out == ""


def test_a_machine_that_has_everything_is_told_nothing(announced, monkeypatch):
    monkeypatch.setattr(contents.programs, "missing", lambda _: [])
    assert announced([]) == []


def test_too_little_disk_is_refused_before_anything_is_taken(announced, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 10**9))
    with pytest.raises(programs.DiskSpaceError):
        announced([RUNC])
