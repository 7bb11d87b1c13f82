"""The command `verify`."""

from typing import Any

import pytest
from typer.testing import CliRunner

from operations import analysis, plaintext_probe, signing, stacks, verify
from operations.__main__ import app
from pi_mesh.checks.finding import Subject, error
from pi_mesh.cluster.stack_state import NEVER_RUN


@pytest.fixture
def verified(healthy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Return a healthy mesh whose plain-text call is answered."""

    def found(*findings: object) -> Any:
        return lambda *_: list(findings)

    monkeypatch.setattr(stacks, "load_with_state", lambda _: (healthy.settings, lambda: NEVER_RUN))
    monkeypatch.setattr(verify, "read", lambda *_: healthy)
    monkeypatch.setattr(signing, "signed", found())
    monkeypatch.setattr(analysis, "analyze", found())
    answered = error("plain-text call", Subject("pod", "trading/app"), "answered", "")
    monkeypatch.setattr(plaintext_probe, "probe", found(answered))


@pytest.mark.usefixtures("verified")
@pytest.mark.parametrize(("options", "status"), [((), 0), (("--probe",), 1)])
def test_the_plain_text_call_is_made_only_when_it_is_asked_for(options, status):
    assert CliRunner().invoke(app, ["verify", "-s", "test", *options]).exit_code == status
