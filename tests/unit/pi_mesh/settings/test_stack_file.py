"""The settings of a stack file alone."""

from pathlib import Path

import pytest

from pi_mesh.settings import SettingsError, parse
from pi_mesh.settings.stack_file import load_file
from tests.support.versions import SHIPPED

ROOT = Path(__file__).resolve().parents[4]
NAME = "Pulumi.x.yaml"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"config:\n  a: b: c\n", "is not valid YAML: line 2, column 7: mapping values are not allowed"),
        (b"config: {a: [1\n", "is not valid YAML: line 2, column 1: "),
        (b"config:\n  a: \x00\n", "is not valid YAML: "),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"config: [1]\n", "is not a stack file: it has no `config:`"),
        (b"- 1\n", "is not a stack file"),
        (b"", "is not a stack file"),
        (None, "can't be read: No such file or directory"),
    ],
)
def test_a_file_that_can_not_be_read_as_a_stack_file_is_one_line(tmp_path, content, line):
    if content is not None:
        (tmp_path / NAME).write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load_file(tmp_path / NAME)
    (problem,) = refused.value.problems
    assert problem.startswith(f"{NAME}: {line}")
    assert "\n" not in problem


@pytest.mark.parametrize("path", sorted(ROOT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_the_stack_files_are_valid(path):
    assert load_file(path).istio.version


def test_the_pi_clusters_file_says_what_the_role_said():
    role = {"cluster": {"context": "pi-cluster"}, "istio": {"version": SHIPPED}}
    assert load_file(ROOT / "Pulumi.pi-cluster.yaml") == parse(role)
