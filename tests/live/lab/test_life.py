"""The local cluster comes and goes without a trace, from any state, and beside another one."""

import shutil

import pytest

from lab.cluster import state
from tests.support.checkouts import SecondCheckout

pytestmark = pytest.mark.long

UP = "the local cluster is up: 3 nodes"


@pytest.fixture
def second(tmp_path):
    """Yield a second checkout, whose cluster is gone after the test."""
    checkout = SecondCheckout(tmp_path)
    yield checkout
    checkout.lab("down")


def test_ten_starts_and_stops_leave_nothing_behind(second):
    before = second.traces()
    for _ in range(10):
        assert UP in second.lab("up")
        second.lab("down")
    assert second.traces() == before


def test_a_running_cluster_leaves_the_traces_that_the_other_tests_look_for(second):
    before = second.traces()
    second.lab("up")
    assert len(second.traces() - before) > 20


@pytest.mark.parametrize("moment", ["network and certificates", "etcd and the API server", "images", "kubelets"])
def test_a_start_that_was_killed_is_cleared_away_by_the_next(second, moment):
    second.start_and_kill(moment)
    assert UP in second.lab("up")


def test_a_cluster_whose_files_are_gone_is_removed_by_its_names(second):
    before = second.traces()
    second.lab("up")
    shutil.rmtree(second.folder / ".lab" / "run")
    second.lab("down")
    assert second.traces() == before


def test_two_checkouts_run_side_by_side(second):
    second.lab("up")
    second.lab("down")
    assert state.is_up(), "the first checkout's cluster"
