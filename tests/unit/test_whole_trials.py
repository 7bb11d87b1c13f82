"""The whole content of what connectivity and rehearse create."""

from tests.support import whole_trials


def test_everything_that_a_trial_creates_and_calls_is_as_it_was_reviewed():
    assert whole_trials.text() == whole_trials.FILE.read_text(), whole_trials.__doc__
