"""The one-line text of a finding."""

import tomllib
from pathlib import Path

from pi_mesh.checks.finding import CLUSTER, NEXT, Finding, Level, Subject, error, ok, refused_next, setting
from tests.support.findings import table

PI = Subject("node", "pi-1")


@table((PI, "node pi-1"), (Subject("node"), "nodes"), (CLUSTER, "cluster"), (setting("cluster.nodes"), "cluster.nodes"))
def test_a_subject_is_named_by_kind_and_name_a_setting_by_its_key_alone(subject, words):
    assert str(subject) == words


def test_a_finding_carries_its_subject_as_fields_and_is_one_line_with_its_fix_at_the_end():
    finding = error("free memory", PI, "is full", "move pods away", number=0)
    assert finding == Finding("free memory", "node", "pi-1", Level.ERROR, 0, "is full", "move pods away")
    assert str(finding) == "node pi-1: is full; move pods away"
    assert str(ok("nodes ready", setting("cluster.nodes"), "3 of 3")) == "cluster.nodes: 3 of 3"


def test_the_version_that_refuses_is_yet_to_come_and_named():
    # Where this fails, make the findings of `refused_next` errors, or name a later version.
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())["project"]
    released, _, unreleased = project["version"].partition(".dev")
    own_number, refusing = ([int(part) for part in version.split(".")] for version in (released, NEXT))
    assert own_number < refusing or (unreleased and own_number == refusing)
    finding = refused_next("id", setting("a.b"), "does nothing", "remove it")
    assert (finding.level, finding.message) == (Level.WARNING, f"does nothing; pi-mesh {NEXT} refuses it")
