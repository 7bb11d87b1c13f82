"""The tool cache: its folders and keys, and processes that take turns in it."""

import shutil
import threading
from pathlib import Path

import pytest

from lab.toolchain import cache, catalog

pytestmark = pytest.mark.usefixtures("tool_cache")
FORTIO = catalog.BY_NAME["fortio"]


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
