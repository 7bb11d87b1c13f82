"""Command lines that run a program on one of the lab's machines."""

from pathlib import Path

from lab.cluster import cgroup, process
from lab.cluster.machines import Machine
from lab.cluster.netns import NAMESPACES

JOIN_CGROUP = 'for folder in $1; do echo 0 >"$folder/cgroup.procs"; done; shift; exec "$@"'

# A private /run (sockets, locks, the pods' namespaces) and the machine's disk at a short path: all of it goes with
# the last process. kubelet sets these kernel settings; here it finds them set, so the real machine keeps its own.
PRIVATE_MOUNTS = """
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/node /run/settings "$1/log"
mount --bind "$1" /run/node
mount --bind "$1/log" /var/log
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \\
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=/proc/sys/${setting%=*}
  [ -e "$file" ] || continue
  copy=/run/settings/$(echo "${setting%=*}" | tr / .)
  echo "${setting#*=}" >"$copy"
  mount --bind "$copy" "$file"
done
shift
exec "$@"
"""


def network(machine: Machine, *command: str | Path) -> list[str]:
    """The command in the machine's cgroup and network."""
    folders = " ".join(str(folder) for folder in cgroup.folders(f"{machine.cgroup}/{cgroup.SYSTEM}"))
    namespace = f"--net={NAMESPACES / machine.namespace}"
    return ["sh", "-ec", JOIN_CGROUP, "join", folders, "nsenter", namespace, *(str(word) for word in command)]


def first(machine: Machine, *command: str | Path) -> list[str]:
    """The same for a machine's first program: it begins the machine's private mounts."""
    machine.folder.mkdir(parents=True, exist_ok=True)
    begin = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", PRIVATE_MOUNTS, "begin", machine.folder)
    return network(machine, *begin, *command)


def join(machine: Machine, beside: str, *command: str | Path) -> list[str]:
    """The same for a later program: it shares the mounts of `beside`, a recorded process of that machine."""
    other = process.find(beside)
    mounts = f"--mount=/proc/{other.pid if other else 'none'}/ns/mnt"
    return network(machine, "nsenter", mounts, *command)
