"""The command `verify`."""

from contextlib import nullcontext
from functools import partial

import pytest

from operations import stacks
from operations.rehearse import judgement
from operations.verify import certificate_issuer, plain_text_call
from pi_mesh.checks import observe
from pi_mesh.checks.finding import Subject, error, warning
from pi_mesh.checks.verify import clock, configuration_analysis, cpu_throttling, running_proxies
from pi_mesh.cluster import kubelet
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.command_line import run_command
from tests.support.versions import NEWEST

verify = partial(run_command, "verify", "-s", "test")
APP = Subject("pod", "trading/app")


@pytest.fixture(autouse=True)
def verified(healthy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepare a healthy mesh whose plain-text call is answered."""
    monkeypatch.setattr(stacks, "load_with_state", lambda _: (healthy.settings, lambda: NEVER_RUN))
    monkeypatch.setattr(observe, "observe", lambda *_: healthy)
    for check in (certificate_issuer, clock, configuration_analysis, running_proxies):
        monkeypatch.setattr(check, "check", lambda *_: [])
    monkeypatch.setattr(kubelet, "running_window", lambda *_: nullcontext(_[-1]))
    monkeypatch.setattr(cpu_throttling, "check", lambda mesh: [warning("cpu", APP, f"over {mesh.cpu_window} s", "")])
    monkeypatch.setattr(judgement, "boards", lambda *_: [warning("board", APP, "is 81 °C hot", "")])
    monkeypatch.setattr(plain_text_call, "check", lambda *_: [error("plain-text call", APP, "answered", "")])


@pytest.mark.parametrize(("options", "status"), [((), 0), (("--probe",), 1)])
def test_the_plain_text_call_is_made_only_when_it_is_asked_for(options, status):
    assert verify(*options).exit_code == status


def test_the_window_of_the_cpu_counters_is_an_option_and_throttling_is_no_failure():
    result = verify("--window", "30")
    assert (result.exit_code, "over 30 s" in result.output) == (0, True)


@pytest.mark.parametrize(("options", "heat"), [((), False), (("--window", "30"), True),
                                               (("--window", "30", "--read-only"), False)])  # fmt: skip
def test_the_boards_heat_is_read_in_a_window_by_who_may_create_jobs(options, heat):
    assert ("is 81 °C hot" in verify(*options).output) is heat


@pytest.mark.parametrize("seconds", ["1", "29"])
def test_a_window_in_which_kubelets_may_not_count_is_refused(seconds):
    assert verify("--window", seconds).exit_code == 2


@pytest.mark.parametrize(("istio", "status"), [(f'"pi-mesh:istio": {{version: {NEWEST}}}', 0), ("", 2)])
def test_with_a_stack_file_the_settings_come_from_it_and_pulumi_is_not_asked(monkeypatch, tmp_path, istio, status):
    monkeypatch.setattr(stacks, "load_with_state", None)
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(f'config: {{"pi-mesh:cluster": {{context: test}}, {istio}}}')
    assert verify("--stack-file", str(file)).exit_code == status
