"""The tool cache cleaned by hand."""

import pytest

from lab.toolchain import cache, catalog, contents, go_toolchain, images, programs


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
def test_what_this_checkout_uses_stays():
    images.folder().mkdir()
    assert contents.prune() == []
    assert images.folder().is_dir()
    assert programs.missing(catalog.BY_NAME) == []


@pytest.mark.usefixtures("full_tool_cache")
def test_what_a_killed_build_left_is_removed():
    (go_toolchain.scratch()[0] / "00").mkdir(parents=True)
    contents.prune()
    assert not go_toolchain.scratch()[0].exists()
