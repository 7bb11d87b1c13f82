"""Cleaning the tool cache by hand."""

import pytest

from lab.toolchain import cache, images, parts, programs, prune, toolchain


@pytest.fixture
def tool_cache(tmp_path, monkeypatch):
    """A cache in which every part is there, as empty files."""
    monkeypatch.setenv("PI_MESH_CACHE", str(tmp_path))
    for part in parts.PARTS:
        for place in (*(f"bin/{name}" for name in part.programs), *part.files):
            file = cache.part_folder(part) / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    return tmp_path


@pytest.mark.parametrize("old", ["parts/fortio-0123456789ab", "images-0123456789ab", "charts-0123456789ab"])
def test_what_another_version_of_the_lab_made_is_removed(tool_cache, old):
    (tool_cache / old).mkdir()
    assert prune.prune() == [tool_cache / old]
    assert not (tool_cache / old).exists()


@pytest.mark.usefixtures("tool_cache")
def test_what_this_checkout_uses_stays():
    images.folder().mkdir()
    assert prune.prune() == []
    assert images.folder().is_dir()
    assert programs.missing(parts.BY_NAME) == []


@pytest.mark.usefixtures("tool_cache")
def test_what_a_killed_build_left_is_removed():
    (toolchain.scratch()[0] / "00").mkdir(parents=True)
    prune.prune()
    assert not toolchain.scratch()[0].exists()
