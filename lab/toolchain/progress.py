"""The progress of a row of steps and its remaining time, printed at least every ten seconds."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

HEARTBEAT = 5.0
"""Seconds between two lines where there is no terminal to draw a bar on."""

OVERRUN = 1 / 9
"""Remaining time of a step as a share of its time so far, once it has taken longer than estimated."""


@dataclass
class Estimate:
    """Steps with the seconds each is known to take; the pace of the finished ones corrects what is left."""

    steps: dict[str, float]
    clock: Callable[[], float] = time.monotonic
    current: str = ""
    _started: float = 0.0
    _spent: float = 0.0
    _finished: set[str] = field(default_factory=set)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the time of the block as this step's."""
        self.current, self._started = name, self.clock()
        yield
        self._spent += self.elapsed()
        self._finished.add(name)
        self.current = ""

    def elapsed(self) -> float:
        """Return the seconds since the current step began."""
        return self.clock() - self._started if self.current else 0.0

    def pace(self) -> float:
        """Return the ratio of the time taken to the time estimated: above 1 for a machine slower than the table."""
        known, spent = sum(self.steps[name] for name in self._finished), self._spent
        if self.elapsed() > self.steps.get(self.current, 0.0):
            known, spent = known + self.steps[self.current], spent + self.elapsed()
        return spent / known if known else 1.0

    def left(self) -> float:
        """Return the seconds until all steps are done; a step that overruns its estimate counts as nine tenths done."""
        waiting = sum(seconds for name, seconds in self.steps.items() if name not in self._finished | {self.current})
        running = self.steps.get(self.current, 0.0) * self.pace() - self.elapsed()
        return waiting * self.pace() + max(running, self.elapsed() * OVERRUN)

    def fraction(self) -> float:
        """Return the share of the whole that is done, 0 to 1."""
        left = self.left()
        done = self._spent + self.elapsed()
        return done / (done + left) if done + left else 1.0

    def line(self) -> str:
        """Return one line with the step's number, name and time so far, and the time left for all steps."""
        position = f"[{min(len(self._finished) + 1, len(self.steps))}/{len(self.steps)}]"
        times = f"{clock_time(self.elapsed())} so far, about {clock_time(self.left())} left"
        return f"{position} {self.current}: {times}"


def clock_time(seconds: float) -> str:
    """Return minutes and seconds, `3:07`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


@contextmanager
def show_progress(estimate: Estimate, heartbeat: float = HEARTBEAT) -> Iterator[None]:
    """Draw the estimate while the block runs: a bar on a terminal, a line every few seconds elsewhere."""
    console = Console()
    stop = threading.Event()
    draw = _bar if console.is_terminal else _lines
    thread = threading.Thread(target=draw, args=(estimate, stop, console, heartbeat), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _lines(estimate: Estimate, stop: threading.Event, _: Console, heartbeat: float) -> None:
    last, since = "", 0.0
    while not stop.wait(0.2):
        now = time.monotonic()
        if estimate.current and (estimate.current != last or now - since >= heartbeat):
            last, since = estimate.current, now
            print(estimate.line(), file=sys.stdout, flush=True)


def _bar(estimate: Estimate, stop: threading.Event, console: Console, _: float) -> None:
    with Progress(BarColumn(), TextColumn("{task.description}"), console=console, transient=True) as progress:
        task = progress.add_task("", total=1.0)
        while not stop.wait(0.2):
            progress.update(task, completed=estimate.fraction(), description=estimate.line())
