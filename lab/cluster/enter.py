"""Command lines that run a program in the cgroup and namespaces of one of the lab's machines.

Each process replaces itself with the next, so the process id stays.
"""

from pathlib import Path

from lab.cluster import cgroup, records
from lab.cluster.machines import Machine
from lab.cluster.netns import NAMESPACES

JOIN_CGROUP = 'cd /; for folder in $1; do echo 0 >"$folder/cgroup.procs"; done; shift; exec "$@"'
PRIVATE_MOUNTS = Path(__file__).with_name("private_mounts.sh")


def network(machine: Machine, *command: str | Path) -> list[str]:
    """Wrap the command to run in the machine's cgroup and network namespace.

    `ip netns exec` would hide the cgroups behind a new /sys.
    """
    folders = " ".join(str(folder) for folder in cgroup.folders(f"{machine.cgroup}/{cgroup.SYSTEM}"))
    namespace = f"--net={NAMESPACES / machine.namespace}"
    return ["sh", "-ec", JOIN_CGROUP, "join", folders, "nsenter", namespace, *(str(word) for word in command)]


def first(machine: Machine, *command: str | Path) -> list[str]:
    """Wrap the command of a machine's first program: the machine's mount namespace begins with it."""
    machine.folder.mkdir(parents=True, exist_ok=True)
    unshare = ("unshare", "--mount", "--propagation", "private", "sh", PRIVATE_MOUNTS, machine.folder)
    return network(machine, *unshare, *command)


def join(machine: Machine, beside: str, *command: str | Path) -> list[str]:
    """Wrap the command of a later program: it joins the mounts of `beside`, a recorded process of that machine."""
    return network(machine, "nsenter", f"--mount=/proc/{records.required(beside).pid}/ns/mnt", *command)
