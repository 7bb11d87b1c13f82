"""Programs of the lab: found in the cache or on PATH, built when they are missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab.cluster.waiting import wait_until
from lab.toolchain import cache, catalog, go_build, go_toolchain, programs
from tests.support.findings import case, table

pytestmark = pytest.mark.usefixtures("tool_cache")
FORTIO, HELM = catalog.BY_NAME["fortio"], catalog.BY_NAME["helm"]
BUILT_BY_GO = """for word; do case "$word" in
*/) printf '#!/bin/sh\\necho "helm $@"\\n' > "$word/helm"; chmod +x "$word/helm";;
esac; done"""
FORTIO_BUILT = 'for word; do case "$word" in */) : > "$word/fortio";; esac; done'


def test_a_missing_program_is_named_with_what_builds_it():
    with pytest.raises(programs.MissingProgramError, match=r"kubelet .*python -m lab.toolchain ensure kubernetes"):
        programs.program("kubelet")


@table(
    case("the same minor version spares its build", "helm", "v3.20.9+g1234567", []),
    case("another minor version is not used", "helm", "v3.2.20", ["helm"]),
    case("a part with files is built even so", "kwok", "kwok version v0.8.0", ["kwok"]),
)
def test_a_program_on_path_is_compared_with_its_part(install, name, answer, missing):
    installed = install(name, answer)
    assert [part.name for part in programs.missing([name])] == missing
    if not missing:
        assert programs.program(name) == installed


def test_a_failed_build_names_the_part_its_last_words_and_its_log(go):
    go("echo no such module >&2", "exit 1")
    with pytest.raises(go_build.BuildError, match=r"building fortio 1.68.0 failed: no such module .*logs/fortio.log"):
        programs.ensure(["fortio"])
    assert not cache.part_folder(FORTIO).exists()


@pytest.mark.parametrize("kept", [False, True])
def test_a_build_leaves_the_program_and_its_scratch_only_on_request(go, kept, monkeypatch):
    go(FORTIO_BUILT)
    monkeypatch.setenv(programs.KEEP_SCRATCH, "1" if kept else "")
    (go_toolchain.scratch()[0] / "00").mkdir(parents=True)
    programs.ensure(["fortio"])
    assert programs.program("fortio").is_file()
    assert go_toolchain.scratch()[0].is_dir() is kept


def test_scratch_is_deleted_in_the_background_with_what_a_killed_process_left(tool_cache):
    (tool_cache / f"{programs.DROPPED}1" / "go-build").mkdir(parents=True)
    go_toolchain.scratch()[0].mkdir()
    programs.drop_scratch()
    assert not go_toolchain.scratch()[0].exists()
    wait_until("the deletion", lambda: not list(tool_cache.iterdir()), 10)


def test_the_modules_of_every_part_are_fetched_before_its_build(go, tmp_path):
    go(f'echo "$1 ${{PWD##*/}}" >> {tmp_path}/calls', FORTIO_BUILT.replace("fortio", "helm"), FORTIO_BUILT)
    programs.ensure(["helm", "fortio"])
    calls = (tmp_path / "calls").read_text().splitlines()
    assert sorted(calls) == ["build fortio", "build helm", "list fortio", "list helm"]
    assert all(calls.index(f"list {name}") < calls.index(f"build {name}") for name in ("helm", "fortio"))


@pytest.mark.parametrize(("output", "matches"), [("v3.259.0", True), ("v3.259.1", False), ("no version", False)])
def test_pulumi_must_be_the_very_version(output, matches):
    assert programs.version_matches("pulumi", catalog.BY_NAME["pulumi"], output) is matches


def test_too_little_disk_is_refused_before_a_build_with_both_numbers(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 3 * 10**9))
    with pytest.raises(programs.DiskSpaceError, match=r"needs 34.0 GB .* 3.0 GB are free .* PI_MESH_CACHE"):
        programs.require_space(catalog.PARTS)


@pytest.fixture
def helm(tmp_path):
    """Return the script in place of helm, in a folder of PATH."""
    place = tmp_path / "path" / "helm"
    place.parent.mkdir(exist_ok=True)
    programs.write_shim("helm", place)
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
    assert programs.is_shim(helm)
    assert programs.find_on_path("helm", HELM) is None
    assert [part.name for part in programs.missing(["helm"])] == ["helm"]
    assert not cache.part_folder(HELM).exists()
