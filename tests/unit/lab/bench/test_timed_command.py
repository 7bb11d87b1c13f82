"""Commands that the measuring tools run."""

import os
import sys

import pytest

from lab.bench.timed_command import begun


def test_a_ctrl_c_waits_until_the_command_has_ended_in_order():
    slow = [sys.executable, "-c", "import time; time.sleep(0.8)"]
    with pytest.raises(KeyboardInterrupt), begun(slow, os.environ) as started:
        raise KeyboardInterrupt
    assert started.returncode == 0
