"""The tool cache of the lab: keys, room, programs of the machine, errors."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from lab.toolchain import cache, compile, disk, parts, programs, toolchain

FORTIO = parts.BY_NAME["fortio"]


@pytest.fixture(autouse=True)
def tool_cache(tmp_path, monkeypatch):
    """An empty cache, and nothing on PATH but what a test puts there."""
    monkeypatch.setenv("PI_MESH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.delenv("GOMODCACHE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def install(tmp_path):
    """`install("helm", "v3.20.9")`: a program on PATH that says this version whatever it is asked."""

    def put(name: str, says: str) -> Path:
        program = tmp_path / "path" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho '{says}'\n")
        program.chmod(0o755)
        return program

    return put


def test_a_part_moves_to_a_new_folder_when_its_checksums_change(tmp_path, monkeypatch):
    shutil.copytree(cache.module_folder(FORTIO), tmp_path / "go" / "fortio")
    before = cache.part_folder(FORTIO)
    monkeypatch.setattr(cache, "MODULES", tmp_path / "go")
    assert cache.part_folder(FORTIO) == before
    (tmp_path / "go" / "fortio" / "go.sum").write_text("another")
    assert cache.part_folder(FORTIO) != before


def test_the_cache_follows_xdg_unless_it_is_named(monkeypatch):
    monkeypatch.delenv("PI_MESH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache.cache_root() == Path("/somewhere/pi-mesh")


def test_a_missing_program_is_named_with_what_builds_it():
    with pytest.raises(programs.MissingProgramError, match=r"kubelet .*python -m lab.toolchain ensure kubernetes"):
        programs.program("kubelet")


def test_a_built_program_is_found_in_the_cache(tool_cache):
    built = cache.part_folder(FORTIO) / "bin" / "fortio"
    built.parent.mkdir(parents=True)
    built.touch()
    assert programs.program("fortio") == built
    assert built.is_relative_to(tool_cache)


def test_a_program_of_the_same_minor_version_on_path_spares_its_build(install):
    installed = install("helm", "v3.20.9+g1234567")
    assert programs.program("helm") == installed
    assert programs.missing(["helm"]) == []


def test_a_program_of_another_minor_version_is_not_used(install):
    install("helm", "v3.2.20")
    assert [part.name for part in programs.missing(["helm"])] == ["helm"]


def test_a_part_with_files_is_built_even_when_its_program_is_on_path(install):
    install("kwok", "kwok version v0.8.0")
    assert [part.name for part in programs.missing(["kwok"])] == ["kwok"]


def test_too_little_disk_is_refused_before_a_build_with_both_numbers(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 3 * 10**9))
    with pytest.raises(disk.DiskSpaceError, match=r"needs 29.0 GB .* 3.0 GB are free .* PI_MESH_CACHE"):
        disk.require_room(parts.PARTS)


@pytest.fixture
def go(install, tmp_path):
    """`go("exit 1")`: a Go toolchain that answers everything but its version with these lines of shell."""

    def put(*lines: str) -> None:
        setpriv = shutil.which("setpriv", path=os.defpath)
        assert setpriv, "util-linux is not installed"
        (tmp_path / "path").mkdir(exist_ok=True)
        (tmp_path / "path" / "setpriv").symlink_to(setpriv)
        install("go", "").write_text("\n".join(["#!/bin/sh", '[ "$1" = version ] && echo go1.26.8 && exit', *lines]))

    return put


def test_a_failed_build_names_the_part_its_last_words_and_its_log(go):
    go("echo no such module >&2", "exit 1")
    with pytest.raises(compile.BuildError, match=r"building fortio 1.68.0 failed: no such module .*logs/fortio.log"):
        programs.ensure(["fortio"])
    assert not cache.part_folder(FORTIO).exists()


FORTIO_BUILT = 'for word; do case "$word" in */) : > "$word/fortio";; esac; done'


@pytest.mark.parametrize("kept", [False, True])
def test_a_build_leaves_the_program_and_its_scratch_only_on_request(go, kept, monkeypatch):
    go(FORTIO_BUILT)
    monkeypatch.setenv(programs.KEEP_SCRATCH, "1" if kept else "")
    (toolchain.scratch()[0] / "00").mkdir(parents=True)
    programs.ensure(["fortio"])
    assert programs.program("fortio").is_file()
    assert toolchain.scratch()[0].is_dir() is kept


def test_scratch_is_ours_but_a_module_cache_of_the_environment_is_not():
    assert Path(toolchain.environment({})["GOMODCACHE"]) in toolchain.scratch()
    assert toolchain.environment({"GOMODCACHE": "/theirs"})["GOMODCACHE"] == "/theirs"


def test_a_second_process_waits_for_the_first_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(cache, "SECOND", 0.01)
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with cache.lock("parts"):
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(5)
    threading.Timer(0.1, leave.set).start()
    with cache.lock("parts"):
        assert leave.is_set()
    thread.join()
    assert "waiting for another process that makes the lab's parts" in capsys.readouterr().out


def test_what_a_killed_process_left_is_removed_by_the_next(tool_cache):
    left = tool_cache / "partial-parts-1"
    left.mkdir(parents=True)
    with cache.partial("parts") as folder:
        assert list(tool_cache.iterdir()) == [folder]
    assert list(tool_cache.iterdir()) == []
