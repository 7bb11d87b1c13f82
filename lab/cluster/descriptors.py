"""The open files of this process."""

import contextlib
import os
from pathlib import Path


def keep() -> None:
    """Hands none on to programs that are started from now on, but for input, output and errors.

    What our caller left open, a lock or a pipe, must not stay open for as long as the lab lives.
    """
    for entry in Path("/proc/self/fd").iterdir():
        if int(entry.name) > 2:
            with contextlib.suppress(OSError):  # the listing's own
                os.set_inheritable(int(entry.name), False)
