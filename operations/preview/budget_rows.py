"""The budget's rows of a side, which its own program calculates from its settings."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from operations.preview.engine import Checkout

ASK = """\
import json, sys
from pi_mesh import inventory
from pi_mesh.budget import mesh, table
from pi_mesh.settings import parse
from pi_mesh.settings.raw import plain_values
stack, config, encrypted = json.load(sys.stdin)
print(json.dumps(table.summary(mesh.of(inventory.of(parse(plain_values(config, encrypted)), stack)))))
"""

Rows = dict[str, Any]
"""The columns by component, and the sentence below the table as `room`."""


def read(side: Checkout, config: Mapping[str, Any], encrypted: Iterable[str], exported: Rows) -> Rows:
    """Return the rows; none where the side's program cannot be asked.

    `exported`: the stack's output `budget`, which has the rows in programs before 0.2.0, and totals in later ones.
    """
    if any(isinstance(value, dict) for value in exported.values()):
        return exported
    asked = json.dumps([side.stack, dict(config), list(encrypted)], default=str)
    command = [sys.executable, "-c", ASK]
    done = subprocess.run(command, cwd=side.folder, input=asked, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}
