"""The stack files of the previous version (commit 8ce0a51), which still parse and preview."""

import contextvars
import json
import runpy
from pathlib import Path

import pytest
import yaml
from pulumi.runtime import config

from pi_mesh.settings.stack_file import load_file
from tests.support.recorder import RELEASE, record
from tests.support.recording import Recording

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests/support/stacks_of_8ce0a51").glob("Pulumi.*.yaml"))
STACKS = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    """Run the program in the folder with its files, without a cluster."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("KUBECONFIG", "/dev/null")


def previewed(file: Path) -> Recording:
    content = yaml.safe_load(file.read_text())["config"]
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in content.items()}

    def program() -> Recording:
        config.set_all_config(values)
        return record(lambda: runpy.run_path("__main__.py"), file.name.split(".")[1], preview=True)

    return contextvars.copy_context().run(program)


def test_both_files_are_there():
    assert [file.name for file in FILES] == ["Pulumi.lab.yaml", "Pulumi.pi-cluster.yaml"]


@STACKS
def test_the_file_still_parses(file):
    assert load_file(file).istio.version


@STACKS
def test_the_stack_still_previews_and_no_setting_of_it_is_told_of(file):
    recording = previewed(file)
    assert len(recording.of_type(RELEASE)) == 4
    told = [line for line in recording.logs if "refuses it" in line]
    assert told == []
