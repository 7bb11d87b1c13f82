"""The progress of a row of steps: one line for each step that is done, and a forecast that never rises."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

HEARTBEAT = 30.0
"""Seconds between two lines about a running step where there is no terminal to draw a bar on."""

CAUTION, CAUTION_SECONDS = 1.1, 200.0
"""Assumed pace of an unknown machine, and the seconds of finished steps that weigh as much as this assumption.

A forecast that begins a little high can fall all the time.
"""


@dataclass
class Estimate:
    """Steps with the seconds each is known to take; the pace of the finished ones corrects what is left."""

    steps: dict[str, float]
    clock: Callable[[], float] = time.monotonic
    current: str = ""
    done: list[str] = field(default_factory=list)
    """One line for each finished step, with the time that it took and the time left after it."""
    _started: float = 0.0
    _finished: dict[str, float] = field(default_factory=dict)
    """Each finished step with the seconds that it took."""
    _promised: float = math.inf
    """The smallest number of seconds that was forecast so far."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the time of the block as this step's."""
        self.current, self._started = name, self.clock()
        yield
        position, taken = self._position(), self.elapsed()
        self._finished[name], self.current = taken, ""
        after = f", {self._forecast()}" if self._finished.keys() < self.steps.keys() else ""
        self.done.append(f"{position} {name} done in {clock_time(taken)}{after}")

    def elapsed(self) -> float:
        """Return the seconds since the current step began."""
        return self.clock() - self._started if self.current else 0.0

    def pace(self) -> float:
        """Return the ratio of the time taken to the time estimated: above 1 for a machine slower than the table."""
        known = sum(self.steps[name] for name in self._finished)
        return (CAUTION * CAUTION_SECONDS + sum(self._finished.values())) / (CAUTION_SECONDS + known)

    def left(self) -> float:
        """Return the seconds until all steps are done, never more than before: a step that overruns stops the fall."""
        waiting = sum(seconds for name, seconds in self.steps.items() if name not in {*self._finished, self.current})
        running = self.steps.get(self.current, 0.0) * self.pace() - self.elapsed()
        self._promised = min(self._promised, waiting * self.pace() + max(running, 0.0))
        return self._promised

    def fraction(self) -> float:
        """Return the share of the whole that is done, 0 to 1."""
        left = self.left()
        done = sum(self._finished.values()) + self.elapsed()
        return done / (done + left) if done + left else 1.0

    def line(self) -> str:
        """Return one line with the running step, its time so far, and the time left for all steps."""
        return f"{self._position()} {self.current}, {clock_time(self.elapsed())} so far, {self._forecast()}"

    def _position(self) -> str:
        number, total = len(self._finished) + 1, len(self.steps)
        return f"[{number:>{len(str(total))}}/{total}]"

    def _forecast(self) -> str:
        """Return the time left in whole minutes: a forecast knows no seconds."""
        minutes = math.ceil(self.left() / 60)
        return f"about {minutes} min left" if minutes > 1 else "less than 1 min left"


def clock_time(seconds: float) -> str:
    """Return minutes and seconds, `3:07`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


@contextmanager
def show_progress(estimate: Estimate, heartbeat: float = HEARTBEAT) -> Iterator[None]:
    """Show the estimate while the block runs: a line for each finished step, below it a bar, or lines elsewhere."""
    console = Console(highlight=False)
    stop = threading.Event()
    draw = _bar if console.is_terminal else _lines
    thread = threading.Thread(target=draw, args=(estimate, stop, console, heartbeat), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _lines(estimate: Estimate, stop: threading.Event, console: Console, heartbeat: float) -> None:
    shown, since = 0, time.monotonic()
    while not stop.wait(0.2):
        now = time.monotonic()
        if len(estimate.done) > shown:
            shown, since = _say(console, estimate.done, shown), now
        elif estimate.current and now - since >= heartbeat:
            since = now
            _say(console, [estimate.line()], 0)
    _say(console, estimate.done, shown)


def _bar(estimate: Estimate, stop: threading.Event, console: Console, _: float) -> None:
    shown = 0
    with Progress(BarColumn(), TextColumn("{task.description}"), console=console, transient=True) as progress:
        task = progress.add_task("", total=1.0)
        while not stop.wait(0.2):
            progress.update(task, completed=estimate.fraction(), description=estimate.line())
            shown = _say(console, estimate.done, shown)
    _say(console, estimate.done, shown)


def _say(console: Console, lines: list[str], shown: int) -> int:
    """Print the lines that are not shown yet, each whole, and return how many are shown now."""
    for line in lines[shown:]:
        console.print(line, markup=False, soft_wrap=True)
    console.file.flush()
    return len(lines)
