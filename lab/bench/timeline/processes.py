"""The processes that a command starts, with their times, looked at until it ends."""

import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from lab.bench.timeline.spans import Span

LOOK = 0.01
"""Seconds between two looks; a process that ends between two of them is not seen, or ends at the earlier one."""
LANE = "processes"
KNOWN = {
    ("pip", "list"): "pip list",
    ("-c",): "search for plugins' names",
    ("--version",): "python --version",
    ("components.guard.service",): "the guard's plugin",
}
"""What arguments of a Python process say about it."""


def watch(command: psutil.Process) -> list[Span]:
    """Return a span for the command and each process that it or they start, when the command has ended."""
    seen: dict[tuple[int, float], tuple[str, float]] = {}
    while command.is_running() and command.status() != psutil.STATUS_ZOMBIE:
        now = time.time()
        for process in (command, *_children(command)):
            try:
                key = process.pid, process.create_time()
                seen[key] = name(process.cmdline()) or seen.get(key, ("", 0))[0], now
            except psutil.Error:
                continue
        time.sleep(LOOK)
    return [Span(LANE, named, begun, ended) for (_, begun), (named, ended) in seen.items() if named]


def _children(command: psutil.Process) -> list[psutil.Process]:
    try:
        return command.children(recursive=True)
    except psutil.Error:
        return []


def name(arguments: Sequence[str]) -> str:
    """Return what a process is, from its command line; empty if it has none (it is ending)."""
    if not arguments:
        return ""
    program = Path(arguments[0]).name
    if program.startswith("python"):
        for known, shown in KNOWN.items():
            if all(word in arguments for word in known):
                return shown
        return "the program" if any("pulumi-language-python-exec" in word for word in arguments) else program
    return program.removeprefix("pulumi-")
