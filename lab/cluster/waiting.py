"""Waiting for a condition that comes true by itself."""

import time
from collections.abc import Callable

from lab.cluster.shell import LabError, print_progress
from pi_mesh.waiting import until

PAUSE = 0.1  # seconds between two evaluations of a condition
HEARTBEAT = 5  # seconds between two lines that say what is still waited for


def wait_until(
    what: str, condition: Callable[[], bool], seconds: float = 90, alive: Callable[[], object] = bool
) -> None:
    """Wait until `condition` is true. Raises LabError after `seconds`, and whatever `alive` raises meanwhile."""
    last = time.monotonic()

    def tell(_: bool) -> None:
        nonlocal last
        alive()
        if time.monotonic() - last >= HEARTBEAT:
            last = time.monotonic()
            print_progress(f"still waiting for {what}")

    if not until(condition, seconds, PAUSE, tell=tell):
        raise LabError(f"{what}: not reached after {seconds:.0f} s")


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
