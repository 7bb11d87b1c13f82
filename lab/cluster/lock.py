"""One `up` or `down` of this checkout's lab at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster.names import CHECKOUT
from lab.cluster.say import say


@contextmanager
def held() -> Iterator[None]:
    """Waits until nobody else changes the lab. The lock is on the checkout's folder `lab`: it leaves no file behind."""
    folder = os.open(CHECKOUT / "lab", os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting: another command changes the local cluster")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
