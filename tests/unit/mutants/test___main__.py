"""The table of a run; `make mutants` installs the package that these tests need."""

import pytest

pytest.importorskip("cosmic_ray")

from tests.mutants.__main__ import report

KILLED = {"room": "values", "place": "a.py:1", "diff": ["-x", "+y"], "killed": True, "tests": 3}
LIVES = {"room": "values", "place": "b.py:2", "diff": ["-a < b", "+a <= b"], "killed": False, "tests": 4}


def test_the_table_has_each_room_and_the_sum():
    assert "| values | 3 | 2 | 1 | 66.7 |\n| all, seed f00 | 3 | 2 | 1 | 66.7 |" in report(
        "f00", [KILLED, KILLED, LIVES]
    )


def test_a_survivor_is_shown_with_its_place_and_its_change():
    assert "b.py:2 survived 4 tests\n    -a < b\n    +a <= b" in report("f00", [KILLED, LIVES])
    assert "a.py:1" not in report("f00", [KILLED, LIVES])
