"""Programs on PATH, at a version that matches the catalog."""

import pytest

from lab.toolchain import catalog, path_lookup


@pytest.mark.parametrize(("output", "matches"), [("v3.259.0", True), ("v3.259.1", False), ("no version", False)])
def test_pulumi_must_be_the_very_version(output, matches):
    assert path_lookup.version_matches("pulumi", catalog.BY_NAME["pulumi"], output) is matches
