"""The findings of problems that a command expects."""

import pytest

from operations import failures
from pi_mesh.settings import SettingsError


@pytest.mark.parametrize(
    ("line", "name", "message"),
    [
        ("istio.version: is required", "istio.version", "is required"),
        ("a and b: must differ", "", "a and b: must differ"),
        ("Pulumi.x.yaml is not valid", "", "Pulumi.x.yaml is not valid"),
        ("word", "", "word"),
    ],
)
def test_a_line_about_one_key_is_split_and_a_sentence_about_several_is_not(line, name, message):
    (finding,) = failures.findings(SettingsError([line]))
    assert (finding.name, finding.message) == (name, message)
