"""How settings are read from a stack file alone."""

from pathlib import Path

import pytest

from pi_mesh.settings import SettingsError, parse
from pi_mesh.settings.stack_file import load_file

ROOT = Path(__file__).resolve().parents[4]
STACK_FILES = sorted(ROOT.glob("Pulumi.*.yaml"))


def test_a_file_that_is_no_stack_file_is_refused_by_name(tmp_path):
    (tmp_path / "Pulumi.x.yaml").write_text("- 1\n")
    with pytest.raises(SettingsError, match=r"Pulumi\.x\.yaml: is not a stack file"):
        load_file(tmp_path / "Pulumi.x.yaml")


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_the_stack_files_are_valid(path):
    assert load_file(path).istio.version


def test_the_pi_clusters_file_says_what_the_role_said():
    settings = load_file(ROOT / "Pulumi.pi-cluster.yaml")
    role = {"cluster": {"context": "pi-cluster"}, "istio": {"version": "1.20.3"}}
    assert settings == parse(role)
