"""The settings of a stack file alone."""

from pathlib import Path

import pytest

from pi_mesh.settings import SettingsError, parse
from pi_mesh.settings.stack_file import load_file, stack_config
from tests.support.findings import case, table
from tests.support.versions import SHIPPED

ROOT = Path(__file__).resolve().parents[4]
NAME = "Pulumi.x.yaml"


@table(
    (b"config:\n  a: b: c\n", "is not valid YAML: line 2, column 7: mapping values are not allowed"),
    (b"config: {a: [1\n", "is not valid YAML: line 2, column 1: "),
    (b"config:\n  a: \x00\n", "is not valid YAML: "),
    (b"\xff\xfe", "is not UTF-8 text"),
    (b"config: [1]\n", "`config` is not a map of keys such as pi-mesh:istio"),
    (b"- 1\n", "is not a stack file"),
    case("too deep for Python", b"a: " + b"[" * 2000, "has more than 100 levels of keys; write fewer"),
    (b"config:\n  a: 1\n  a: 2\n", "is not valid YAML: line 3, column 3: the key `a` stands in line 2 already"),
    (b"config:\n  a: {b: .inf}\n", "is not valid YAML: line 2, column 10: Pulumi takes no number `.inf`"),
    (b"config:\n  a: {b: !!bool yes}\n", "is not valid YAML: line 2, column 10: `yes` is neither true nor false"),
    (b"config:\n  a: 1\npi-mesh:traffic: {}\n", "pi-mesh:traffic stands beside `config:`"),
    (b"", "is not a stack file"),
    (None, "can't be read: No such file or directory"),
)
def test_a_file_that_can_not_be_read_as_a_stack_file_is_one_line(tmp_path, content, line):
    if content is not None:
        (tmp_path / NAME).write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load_file(tmp_path / NAME)
    (problem,) = refused.value.problems
    assert problem.startswith(f"{NAME}: {line}")
    assert "\n" not in problem


def test_the_pi_clusters_file_says_what_the_role_said_and_gives_a_lost_pi_up_after_a_minute():
    role = {"cluster": {"context": "pi-cluster", "unreachableSeconds": 60}, "istio": {"version": SHIPPED}}
    assert load_file(ROOT / "Pulumi.pi-cluster.yaml") == parse(role)


@table(
    ("off", "off"),
    ("yes", "yes"),
    ("TRUE", True),
    ("~", None),
    ("17:30", "17:30"),
    ("0777", 511),
    ("0o17", 15),
    ("08", 8),
    ("1_000", 1000),
    ("1.0", 1),
    ("1.20", 1.2),
    ("1e3", 1000),
    ("1e400", "1e400"),
    ("9007199254740993", 9007199254740992.0),
    ("0xZZ", "0xZZ"),
    ("=", "="),
    ("<<", "<<"),
    ("2026-12-25", "2026-12-25 00:00:00 +0000 UTC"),
    ("2026-12-25T10:30:00Z", "2026-12-25 10:30:00 +0000 UTC"),
)
def test_a_scalar_is_what_the_engine_makes_of_it(tmp_path, scalar, value):
    (tmp_path / NAME).write_text(f"config:\n  pi-mesh:deep: {{key: {scalar}}}\n")
    read = stack_config(tmp_path / NAME)["pi-mesh:deep"]
    assert (read, type(read["key"])) == ({"key": value}, type(value))  # type: ignore[index, comparison-overlap]


def test_a_key_without_a_project_is_this_projects_and_only_the_first_document_counts(tmp_path):
    (tmp_path / NAME).write_text("config:\n  traffic: {a: 1}\n  aws:region: x\n---\nconfig: {}\n")
    assert stack_config(tmp_path / NAME) == {"pi-mesh:traffic": {"a": 1}, "aws:region": "x"}
