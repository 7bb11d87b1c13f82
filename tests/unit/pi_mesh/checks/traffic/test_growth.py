"""The work of the traffic checks grows no faster than the settings. It is counted: a time depends on the machine."""

import sys
from collections.abc import Callable
from types import FrameType

from pi_mesh.checks import traffic
from pi_mesh.settings import Settings
from tests.support.crowded_settings import crowded_settings
from tests.support.snapshots import make_snapshot

FEW, MANY = 20, 80
EXPONENT = 1.1


def steps(work: Callable[[], object]) -> int:
    """Return the number of Python's instructions that the work takes."""
    counted = 0

    def count(frame: FrameType, event: str, _arg: object):
        nonlocal counted
        frame.f_trace_opcodes = True
        counted += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return counted


def checked(settings: Settings) -> int:
    snapshot = make_snapshot()
    return steps(lambda: traffic.run(settings, snapshot))


def test_four_times_the_routes_and_policies_are_little_more_than_four_times_the_work():
    few, many = (checked(crowded_settings(count)) for count in (FEW, MANY))
    assert many / few < (MANY / FEW) ** EXPONENT
