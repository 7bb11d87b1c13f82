"""Waiting for something that comes true by itself."""

import time
from collections.abc import Callable

from lab.cluster.shell import LabError, print_progress

PAUSE = 0.1  # seconds between two looks
HEARTBEAT = 5  # seconds after which the user hears that we still wait


def wait_until(what: str, true: Callable[[], bool], seconds: float = 90, alive: Callable[[], object] = bool) -> None:
    """Returns when `true` says so; `alive` raises when hope is gone. Raises LabError after `seconds`."""
    begun = said = time.monotonic()
    while not true():
        now = time.monotonic()
        alive()
        if now - begun > seconds:
            raise LabError(f"{what}: not so after {seconds:.0f} s")
        if now - said > HEARTBEAT:
            said = now
            print_progress(f"still waiting for {what}")
        time.sleep(PAUSE)


def lasting(true: Callable[[], bool], seconds: float) -> Callable[[], bool]:
    """For `wait_until`: whether `true` has said so at every look for this long."""
    since: float | None = None

    def look() -> bool:
        nonlocal since
        if not true():
            since = None
            return False
        since = time.monotonic() if since is None else since
        return time.monotonic() - since >= seconds

    return look
