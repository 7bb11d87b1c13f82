"""The lab's beginning and end: `make lab-up` and `make lab-down`, one of them at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster import cgroup, netns, state
from lab.cluster.names import CHECKOUT, LAB
from lab.cluster.shell import print_progress


def up() -> None:
    """Start the lab. One that is up stays as it is; what is left of another is removed first."""
    with _locked():
        if state.is_up(patience=60):
            print_progress("the local cluster is up already")
            return
        from lab.cluster import start  # imported here, because its imports take longer than the answer above

        images = start.prepare()
        remove()
        start.from_nothing(images)


def down() -> None:
    """Remove the lab. The built programs stay in their cache."""
    with _locked():
        remove()
    print_progress("the local cluster is removed")


def remove() -> None:
    """Remove every process, cgroup, namespace and file of the lab; the nodes' mounts go with their processes.

    A lab that was killed half-way and one whose files are gone are removed as well.
    """
    cgroup.remove()
    netns.remove()
    if LAB.exists():
        shutil.rmtree(LAB)


@contextmanager
def _locked() -> Iterator[None]:
    """Wait until no other command changes this checkout's lab, and keep others waiting while the block runs.

    The lock is on the checkout's folder `lab`: it leaves no file behind.
    """
    folder = os.open(CHECKOUT / "lab", os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print_progress("waiting: another command changes the local cluster")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
