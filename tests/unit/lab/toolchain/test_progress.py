"""The progress of the lab's builds."""

import time
from itertools import pairwise

import pytest

from lab.toolchain.progress import CAUTION, Estimate, show_progress


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def forecasts(clock: Clock, slower: float, **steps: float) -> list[float]:
    """Return the forecasts, one each second, on a machine that is slower than the table by this factor."""
    work, seen = Estimate(steps, clock), []
    for name, seconds in steps.items():
        with work.step(name):
            for _ in range(int(seconds * slower)):
                clock.now += 1
                seen.append(work.left())
    return seen


def test_at_the_start_the_time_left_is_a_cautious_sum_of_the_table(clock):
    assert Estimate({"etcd": 20, "istio": 200}, clock).left() == pytest.approx(220 * CAUTION)


@pytest.mark.parametrize("slower", [0.5, 1, 1.3, 2, 3])
def test_a_forecast_never_rises_ends_below_a_minute_and_is_right_by_a_third_half_way(clock, slower):
    left = forecasts(clock, slower, kubernetes=220, etcd=20, istio=200, pulumi=160, plugin=230)
    assert all(before >= after for before, after in pairwise(left))
    assert left[-1] < 60
    half = len(left) // 2
    assert not 1 <= slower <= 2 or left[half] == pytest.approx(len(left) - half, rel=1 / 3)


def test_the_line_names_the_part_and_the_time_left_in_minutes(clock):
    work = Estimate({"etcd": 20, "istio": 200}, clock)
    with work.step("etcd"):
        clock.now += 26
    with work.step("istio"):
        clock.now += 65
        assert work.line() == "[2/2] istio, 1:05 so far, about 3 min left"
        clock.now += 165
        assert work.line() == "[2/2] istio, 3:50 so far, less than 1 min left"


def test_without_a_terminal_each_step_is_one_line_when_it_is_done(capsys):
    work = Estimate({"etcd": 20.0, "istio": 60.0})
    with show_progress(work):
        for name in work.steps:
            with work.step(name):
                time.sleep(0.01)
    lines = ["[1/2] etcd done in 0:00, about 2 min left", "[2/2] istio done in 0:00"]
    assert capsys.readouterr().out.splitlines() == lines


def test_without_a_terminal_a_long_step_has_a_line_at_every_heartbeat(capsys):
    work = Estimate({"etcd": 20.0})
    with show_progress(work, heartbeat=0.1), work.step("etcd"):
        time.sleep(0.55)
    *lines, last = capsys.readouterr().out.splitlines()
    assert 1 <= len(lines) <= 2
    assert all(line.startswith("[1/1] etcd, 0:0") for line in lines)
    assert last == "[1/1] etcd done in 0:00"
