"""The table of a run; `make mutants` installs the package that these tests need."""

import pytest

pytest.importorskip("cosmic_ray")

from tests.mutants.__main__ import report

KILLED = {"room": "values", "place": "a.py:1", "diff": ["-x", "+y"], "killed": True, "by": "a.py::test_x", "tests": 3}
ENDED = KILLED | {"place": "c.py:3", "by": "its trial ended by SIGTERM"}
LIVES = {"room": "values", "place": "b.py:2", "diff": ["-a < b", "+a <= b"], "killed": False, "by": "", "tests": 4}


def test_the_report_has_each_room_the_sum_the_survivors_and_the_trials_without_a_verdict():
    table, survivor = report("f00", [KILLED, ENDED, LIVES]).split("\n\n")
    assert table.endswith("| values | 3 | 2 | 1 | 66.7 |\n| all, seed f00 | 3 | 2 | 1 | 66.7 |")
    assert survivor == "b.py:2 survived 4 tests\n    -a < b\n    +a <= b\nc.py:3: its trial ended by SIGTERM"
