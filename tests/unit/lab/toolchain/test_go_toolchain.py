"""The Go toolchain that builds the lab's programs."""

from pathlib import Path

import pytest

from lab.toolchain import go_toolchain

pytestmark = pytest.mark.usefixtures("tool_cache")


def test_scratch_is_ours_but_a_module_cache_of_the_environment_is_not():
    assert Path(go_toolchain.environment({})["GOMODCACHE"]) in go_toolchain.scratch()
    assert go_toolchain.environment({"GOMODCACHE": "/theirs"})["GOMODCACHE"] == "/theirs"
