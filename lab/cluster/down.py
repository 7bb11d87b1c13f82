"""Removing the lab, wholly: also one that was killed half-way, and one whose files are gone."""

import shutil

from lab.cluster import cgroup, lock, netns
from lab.cluster.names import LAB
from lab.cluster.say import say


def down() -> None:
    """What `make lab-down` does. The built programs stay in their cache."""
    with lock.held():
        remove()
    say("the local cluster is gone")


def remove() -> None:
    """Ends every process, then removes cgroups, namespaces and files. The nodes' mounts go with their processes."""
    cgroup.remove()
    netns.remove()
    if LAB.exists():
        shutil.rmtree(LAB)
