"""The catalog of the lab's parts."""

import pytest

from lab.toolchain import cache, catalog


def test_every_part_has_a_module_with_pinned_checksums():
    folders = [cache.module_folder(part) for part in catalog.PARTS]
    assert all((folder / "go.mod").is_file() and (folder / "go.sum").is_file() for folder in folders)


def test_an_unknown_part_is_answered_with_the_ones_there_are():
    with pytest.raises(catalog.UnknownPartError, match=r"no part named nomad; there are kubernetes, etcd"):
        catalog.select(["nomad"])
