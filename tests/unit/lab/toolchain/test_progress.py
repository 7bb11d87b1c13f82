"""The progress of the lab's builds."""

import time

import pytest

from lab.toolchain.progress import Estimate, show_progress


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def estimate(clock, **steps: float) -> Estimate:
    return Estimate(steps, clock)


def run(work: Estimate, clock: Clock, name: str, seconds: float) -> None:
    with work.step(name):
        clock.now += seconds


def test_at_the_start_the_time_left_is_the_sum_of_the_table(clock):
    assert estimate(clock, etcd=20, istio=200).left() == 220


def test_a_slow_machine_stretches_the_time_left(clock):
    work = estimate(clock, etcd=20, istio=200)
    run(work, clock, "etcd", 40)
    assert work.left() == 400


def test_the_running_step_counts_down(clock):
    work = estimate(clock, etcd=20, istio=200)
    with work.step("istio"):
        clock.now += 50
        assert work.left() == 170


def test_a_step_that_overruns_counts_as_nine_tenths_done_and_slows_the_rest(clock):
    work = estimate(clock, etcd=20, istio=200)
    with work.step("etcd"):
        clock.now += 90
        assert work.left() == pytest.approx(10 + 200 * 90 / 20)


def test_the_fraction_grows_from_nothing_to_all(clock):
    work = estimate(clock, etcd=20, istio=60)
    assert work.fraction() == 0
    run(work, clock, "etcd", 20)
    assert work.fraction() == pytest.approx(0.25)
    run(work, clock, "istio", 60)
    assert work.fraction() == 1


def test_the_line_names_the_part_and_the_time_left(clock):
    work = estimate(clock, etcd=20, istio=200)
    run(work, clock, "etcd", 20)
    with work.step("istio"):
        clock.now += 65
        assert work.line() == "[2/2] istio: 1:05 so far, about 2:15 left"


def test_without_a_terminal_a_line_comes_at_every_heartbeat(capsys):
    work = Estimate({"etcd": 20.0})
    with show_progress(work, heartbeat=0.4), work.step("etcd"):
        time.sleep(1.3)
    lines = capsys.readouterr().out.splitlines()
    assert 2 <= len(lines) <= 4
    assert all(line.startswith("[1/1] etcd: 0:0") for line in lines)
