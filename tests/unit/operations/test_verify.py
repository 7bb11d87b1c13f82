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
from tests.support.findings import case, table
from tests.support.healthy_mesh import HEALTHY

verify = partial(run_command, "verify", "-s", "test")
APP = Subject("pod", "trading/app")


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepare a healthy mesh whose plain-text call is answered."""
    monkeypatch.setattr(stacks, "load_with_state", lambda _: (HEALTHY.settings, lambda: NEVER_RUN))
    monkeypatch.setattr(observe, "observe", lambda *_: HEALTHY)
    for check in (certificate_issuer, clock, configuration_analysis, running_proxies):
        monkeypatch.setattr(check, "check", lambda *_: [])
    monkeypatch.setattr(kubelet, "running_window", lambda *_: nullcontext(_[-1]))
    monkeypatch.setattr(cpu_throttling, "check", lambda mesh: [warning("cpu", APP, f"over {mesh.cpu_window} s", "")])
    monkeypatch.setattr(judgement, "boards", lambda *_: [warning("board", APP, "is 81 °C hot", "")])
    monkeypatch.setattr(plain_text_call, "check", lambda *_: [error("plain-text call", APP, "answered", "")])


@table(
    case("without the plain-text call unless it is asked for, and throttling is no failure", "", 0, "over"),
    case("with the plain-text call", "--probe", 1, "answered"),
    case("with the window of the CPU counters", "--window 30", 0, "over 30 s"),
    case("without a Job for the heat where it only reads", "--window 30 --read-only", 0, "over 30 s"),
    case("in no window in which kubelets may not count", "--window 29", 2, ""),
    case("in no shorter one", "--window 1", 2, ""),
)
def test_the_mesh_is_verified(options, status, words):
    result = verify(*options.split())
    assert (result.exit_code, words in result.output) == (status, True)
    assert ("is 81 °C hot" in result.output) is (options == "--window 30")
