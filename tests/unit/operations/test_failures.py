"""The findings of problems that a command expects."""

from errno import ENOENT, ENOEXEC

import pytest

from operations import failures
from operations.failures import NotRunnableError
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import configuration_analysis
from pi_mesh.settings import SettingsError
from tests.support.factories import make_mesh
from tests.support.files import write_programs
from tests.support.snapshots import make_snapshot


@pytest.mark.parametrize(("line", "name", "message"), [
    ("istio.version: is required", "istio.version", "is required"),
    ("a and b: must differ", "", "a and b: must differ"),
    ("Pulumi.x.yaml is not valid", "", "Pulumi.x.yaml is not valid"),
    ("word", "", "word"),
])  # fmt: skip
def test_a_line_about_one_key_is_split_and_a_sentence_about_several_is_not(line, name, message):
    (finding,) = failures.findings(SettingsError([line]))
    assert (finding.name, finding.message) == (name, message)


@pytest.mark.parametrize(("problem", "reason"), [
    (OSError(ENOENT, "No such file"), "the command git is not on PATH"),
    (OSError(ENOEXEC, "Exec format error"), "the command git can't be run: Exec format error"),
])  # fmt: skip
def test_a_program_that_does_not_start_is_one_line(problem, reason):
    assert str(NotRunnableError("git", problem)) == f"{reason}; install it"


def test_an_istioctl_of_another_machine_is_unknown(tmp_path, monkeypatch):
    write_programs(tmp_path, {"istioctl": "\x7fELF no program at all"})
    monkeypatch.setenv("PATH", str(tmp_path))
    (finding,) = configuration_analysis.check(Observation(make_mesh(), make_snapshot()))
    assert str(finding) == (
        "istioctl: can't be run: Exec format error: Istio's own analysis did not run; install istioctl for this machine"
    )
