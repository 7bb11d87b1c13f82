"""The one-line text of a finding."""

import pytest

from pi_mesh.checks.finding import CLUSTER, Finding, Level, Subject, error, ok, setting


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (Subject("node", "pi-1"), "node pi-1"),
        (Subject("pod", "trading/app"), "pod trading/app"),
        (Subject("node"), "nodes"),
        (CLUSTER, "cluster"),
        (setting("cluster.nodes"), "cluster.nodes"),
    ],
)
def test_a_subject_is_named_by_kind_and_name_a_setting_by_its_key_alone(subject, words):
    assert str(subject) == words


def test_a_finding_carries_its_subject_as_fields_of_their_own():
    found = error("free memory", Subject("node", "pi-1"), "is full", "move pods away", number=0)
    assert found == Finding("free memory", "node", "pi-1", Level.ERROR, 0, "is full", "move pods away")


def test_a_finding_is_one_line_with_its_fix_at_the_end():
    assert str(error("nodes ready", Subject("node", "pi-1"), "is not Ready", "plug it in")) == (
        "node pi-1: is not Ready; plug it in"
    )
    assert str(ok("nodes ready", setting("cluster.nodes"), "3 of 3")) == "cluster.nodes: 3 of 3"
