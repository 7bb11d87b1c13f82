"""All checks of the traffic settings together: their work grows with the settings alone."""

import sys
from types import FrameType

from pi_mesh.settings import Settings
from tests.support.crowded_settings import crowded_settings
from tests.support.snapshots import make_snapshot
from tests.support.traffic_problems import run

FEW, MANY, EXPONENT = 20, 80, 1.1


def instructions(settings: Settings) -> int:
    """Return the number of Python's instructions that the checks take; a time depends on the machine."""
    counted, snapshot = 0, make_snapshot()

    def count(frame: FrameType, event: str, _arg: object):
        nonlocal counted
        frame.f_trace_opcodes = True
        counted += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        run(settings, snapshot)
    finally:
        sys.settrace(before)
    return counted


def test_four_times_the_routes_and_policies_are_little_more_than_four_times_the_work():
    few, many = (instructions(crowded_settings(count)) for count in (FEW, MANY))
    assert many / few < (MANY / FEW) ** EXPONENT
