"""The verdict of a trial: a mutant that ends its own trial counts as killed, and the run goes on."""

import signal
from multiprocessing import Pipe
from unittest.mock import Mock

import pytest

from tests.mutants import trial
from tests.mutants.trial import Verdict
from tests.support.findings import table


@table(
    (-signal.SIGTERM, "its trial ended by SIGTERM"),
    (-signal.SIGXCPU, "it never ends"),
    (3, "its trial ended with status 3"),
)
def test_a_trial_that_ends_without_a_verdict_is_a_kill_with_its_reason(exit_code, by):
    receiver, sender = Pipe(duplex=False)
    sender.close()
    assert trial._verdict(Mock(exitcode=exit_code), receiver) == Verdict(killed=True, by=by)


def test_a_trial_that_waits_for_ever_is_ended_and_is_a_kill(monkeypatch):
    monkeypatch.setattr(trial, "PATIENCE", 0.01)
    (receiver, _sender), process = Pipe(duplex=False), Mock()
    assert trial._verdict(process, receiver) == Verdict(killed=True, by="its trial ended after 0.01 s")
    process.kill.assert_called_once_with()


@pytest.mark.parametrize("verdict", [Verdict(killed=True, by="a.py::test_x"), Verdict(killed=False)])
def test_a_verdict_that_was_sent_is_the_trials(verdict):
    receiver, sender = Pipe(duplex=False)
    sender.send(verdict)
    assert trial._verdict(Mock(), receiver) == verdict
