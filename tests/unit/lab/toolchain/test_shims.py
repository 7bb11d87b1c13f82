"""Scripts in the place of programs that are not built yet."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.toolchain import cache, catalog, path_lookup, programs, shims

pytestmark = pytest.mark.usefixtures("tool_cache")
HELM = catalog.BY_NAME["helm"]
BUILT_BY_GO = """for word; do case "$word" in
*/) printf '#!/bin/sh\\necho "helm $@"\\n' > "$word/helm"; chmod +x "$word/helm";;
esac; done"""


@pytest.fixture
def helm(tmp_path):
    """Return the script in place of helm, in a folder of PATH."""
    place = tmp_path / "path" / "helm"
    place.parent.mkdir(exist_ok=True)
    shims.write("helm", place)
    return place


def call(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a command that finds its own tools beside what the test installed."""
    environment = os.environ | {"PATH": f"{os.environ['PATH']}:{Path(sys.executable).parent}:{os.defpath}"}
    return subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=False)


def test_the_first_call_builds_the_program_and_shows_it_on_stderr_alone(go, helm):
    go(BUILT_BY_GO)
    first = call(helm, "list", "-A")
    assert first.stdout == "helm list -A\n"
    assert "building helm" in first.stderr
    second = call(helm, "list")
    assert (second.stdout, second.stderr) == ("helm list\n", "")


def test_a_failed_build_fails_the_call(go, helm):
    go("exit 1")
    done = call(helm, "list")
    assert done.returncode == 1
    assert "building helm 3.20.2 failed" in done.stderr


def test_the_script_is_not_taken_for_the_program(helm):
    assert shims.is_shim(helm)
    assert path_lookup.find_on_path("helm", HELM) is None
    assert [part.name for part in programs.missing(["helm"])] == ["helm"]
    assert not cache.part_folder(HELM).exists()
