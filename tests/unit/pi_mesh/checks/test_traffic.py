"""All checks of the traffic settings together: what cancels each other, and work that grows with the settings alone."""

import sys
from types import FrameType

from pi_mesh.settings import Settings
from tests.support.crowded_settings import crowded_settings
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.snapshots import make_snapshot
from tests.support.traffic_problems import run

BY_CALLER = {"authorization": {"policies": {"p": {"action": "DENY", "rules": [{"namespaces": ["dev"]}]}}}}
DENY_ALL = {"authorization": {"defaultDeny": {"enabled": True}}}
LEGACY = {"legacy": {"old": {}}}
FEW, MANY, EXPONENT = 20, 80, 1.1


@table(
    case("a mesh that takes plain text", {"mtls": {"mode": "PERMISSIVE"}, "traffic": BY_CALLER}),
    case("a workload that takes plain text", {"traffic": {**LEGACY, **BY_CALLER}}),
    case("a legacy workload under default deny", {"traffic": {**LEGACY, **DENY_ALL}}),
)
def test_a_rule_by_caller_where_callers_may_have_no_identity_is_told(settings):
    assert {"error", "warning"} & {finding.level for finding in run(make_settings(**settings), make_snapshot())}


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
