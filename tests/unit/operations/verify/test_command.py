"""The command `verify`."""

from contextlib import nullcontext
from typing import Any

import pytest
from typer.testing import CliRunner

from operations import stacks
from operations.__main__ import app
from operations.verify import certificate_issuer, plain_text_call
from pi_mesh.checks import observe
from pi_mesh.checks.finding import Finding, Subject, error, warning
from pi_mesh.checks.verify import configuration_analysis, cpu_throttling, running_proxies
from pi_mesh.cluster import kubelet
from pi_mesh.cluster.stack_state import NEVER_RUN


def throttled(seconds: int) -> Finding:
    return warning("cpu throttling", Subject("pod", "trading/app"), f"counted over {seconds} s", "")


@pytest.fixture
def verified(healthy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Return a healthy mesh whose plain-text call is answered."""

    def found(*findings: object) -> Any:
        return lambda *_: list(findings)

    monkeypatch.setattr(stacks, "load_with_state", lambda _: (healthy.settings, lambda: NEVER_RUN))
    monkeypatch.setattr(observe, "observe", lambda *_: healthy)
    for check in (certificate_issuer, configuration_analysis, running_proxies):
        monkeypatch.setattr(check, "check", found())
    monkeypatch.setattr(kubelet, "running_window", lambda *_: nullcontext(_[-1]))
    monkeypatch.setattr(cpu_throttling, "check", lambda seen: [throttled(seen.cpu_window)])
    answered = error("plain-text call", Subject("pod", "trading/app"), "answered", "")
    monkeypatch.setattr(plain_text_call, "check", found(answered))


@pytest.mark.usefixtures("verified")
@pytest.mark.parametrize(("options", "status"), [((), 0), (("--probe",), 1)])
def test_the_plain_text_call_is_made_only_when_it_is_asked_for(options, status):
    assert CliRunner().invoke(app, ["verify", "-s", "test", *options]).exit_code == status


@pytest.mark.usefixtures("verified")
def test_the_window_of_the_cpu_counters_is_an_option_and_throttling_is_no_failure():
    result = CliRunner().invoke(app, ["verify", "-s", "test", "--window", "30"])
    assert "counted over 30 s" in result.output
    assert result.exit_code == 0


@pytest.mark.usefixtures("verified")
def test_with_a_stack_file_the_settings_come_from_it_and_pulumi_is_not_asked(monkeypatch, tmp_path):
    def asked(_: object) -> object:
        raise AssertionError("Pulumi was asked")

    monkeypatch.setattr(stacks, "load_with_state", asked)
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text('config: {"pi-mesh:cluster": {context: test}, "pi-mesh:istio": {version: 1.31.0}}')
    assert CliRunner().invoke(app, ["verify", "-s", "test", "--stack-file", str(file)]).exit_code == 0
    file.write_text("config: {}")
    assert CliRunner().invoke(app, ["verify", "-s", "test", "--stack-file", str(file)]).exit_code == 2
