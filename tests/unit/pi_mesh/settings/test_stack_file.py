"""The settings of a stack file alone."""

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


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"config:\n  a: b: c\n", "Pulumi.x.yaml: is not valid YAML: line 2, column 7: mapping values are not allowed"),
        (b"config: {a: [1\n", "Pulumi.x.yaml: is not valid YAML: line 2, column 1: "),
        (b"config:\n  a: \x00\n", "Pulumi.x.yaml: is not valid YAML: "),
        (b"\xff\xfe", "Pulumi.x.yaml: is not UTF-8 text"),
        (b"config: [1]\n", "Pulumi.x.yaml: is not a stack file: it has no `config:`"),
        (b"", "Pulumi.x.yaml: is not a stack file"),
        (None, "Pulumi.x.yaml: can't be read: No such file or directory"),
    ],
)
def test_a_file_that_can_not_be_read_as_yaml_is_one_line(tmp_path, content, line):
    file = tmp_path / "Pulumi.x.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load_file(file)
    (problem,) = refused.value.problems
    assert problem.startswith(line)
    assert "\n" not in problem


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_the_stack_files_are_valid(path):
    assert load_file(path).istio.version


def test_the_pi_clusters_file_says_what_the_role_said():
    settings = load_file(ROOT / "Pulumi.pi-cluster.yaml")
    role = {"cluster": {"context": "pi-cluster"}, "istio": {"version": "1.20.3"}}
    assert settings == parse(role)
