"""The stack files of previous versions, by their commit, which still parse and preview."""

import pytest

from tests.support.preview import previewed
from tests.support.recorder import RELEASE
from tests.support.shape import ROOT

FILES = sorted((ROOT / "tests/support").glob("stacks_of_*/Pulumi.*.yaml"))


def test_the_files_are_there():
    assert [file.name for file in FILES] == ["Pulumi.lab.yaml", "Pulumi.pi-cluster.yaml"] * 2


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_the_stack_still_previews_and_no_setting_of_it_is_told_of(file):
    recording = previewed(file)
    assert len(recording.of_type(RELEASE)) == 4
    assert [line for line in recording.logs if "refuses it" in line] == []
