"""Waiting for a condition that comes true by itself."""

import time
from collections.abc import Callable

from lab.cluster.shell import LabError, print_progress

PAUSE = 0.1  # seconds between two evaluations of a condition
HEARTBEAT = 5  # seconds between two lines that say what is still waited for


def is_reached(condition: Callable[[], bool], seconds: float, pause: float = PAUSE) -> bool:
    """Return True as soon as `condition` is true, and False when it was not after `seconds`."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(pause)
    return True


def wait_until(
    what: str, condition: Callable[[], bool], seconds: float = 90, alive: Callable[[], object] = bool
) -> None:
    """Wait until `condition` is true. Raises LabError after `seconds`, and whatever `alive` raises meanwhile."""
    until = time.monotonic() + seconds

    def look() -> bool:
        if condition():
            return True
        alive()
        return False

    while not is_reached(look, min(HEARTBEAT, until - time.monotonic())):
        if time.monotonic() > until:
            raise LabError(f"{what}: not reached after {seconds:.0f} s")
        print_progress(f"still waiting for {what}")


def lasting(condition: Callable[[], bool], seconds: float) -> Callable[[], bool]:
    """Return a condition for `wait_until`: that `condition` was true at every evaluation for this many seconds."""
    since: float | None = None

    def look() -> bool:
        nonlocal since
        if not condition():
            since = None
            return False
        since = time.monotonic() if since is None else since
        return time.monotonic() - since >= seconds

    return look
