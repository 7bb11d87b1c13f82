"""All checks of the traffic settings together: what cancels each other, and work that grows with the settings alone."""

import sys
from types import FrameType

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.settings import Settings
from tests.support.crowded_settings import crowded_settings
from tests.support.factories import make_settings
from tests.support.snapshots import make_snapshot
from tests.support.traffic_problems import run

BY_CALLER = {"p": {"action": "DENY", "rules": [{"namespaces": ["dev"]}]}}
DENY_ALL = {"defaultDeny": {"enabled": True}}
FEW, MANY = 20, 80
EXPONENT = 1.1


@pytest.mark.parametrize(
    "settings",
    [
        {"mtls": {"mode": "PERMISSIVE"}, "traffic": {"authorization": {"policies": BY_CALLER}}},
        {"traffic": {"legacy": {"old": {}}, "authorization": {"policies": BY_CALLER}}},
        {"traffic": {"legacy": {"old": {}}, "authorization": DENY_ALL}},
    ],
    ids=["a mesh that takes plain text", "a workload that takes plain text", "a legacy workload under default deny"],
)
def test_a_rule_by_caller_where_callers_may_have_no_identity_is_told(settings):
    found = run(make_settings(**settings), make_snapshot())
    assert [one for one in found if one.level in (Level.ERROR, Level.WARNING)] != []


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
