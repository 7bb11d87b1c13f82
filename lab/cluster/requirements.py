"""Requirements of the lab on the machine: Linux, root, cgroup controllers, namespaces, Debian packages."""

import os
import sys
from pathlib import Path

from lab.cluster import cgroup
from lab.cluster.shell import LabError, run
from lab.toolchain.contents import announce
from lab.toolchain.debian import ensure_packages

OTHER_CLUSTER = (
    "Any cluster of your own (kind, k3d, a real one) works as well: "
    "`pulumi config set --path cluster.context CONTEXT -s STACK`, and `pulumi up -s STACK` without make"
)
WATCHES = 64  # inotify instances: three kubelets and containerds, the API server, the pods' agents
WATCH_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
CONTROLLERS = ("cpu", "cpuset", "memory", "pids")
# what the lab does on a machine -> a harmless try of it, which leaves nothing behind
TRIES = {
    "mount namespaces": ("unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/run"),
    "network namespaces": ("unshare", "--net", "true"),
    "network devices of the kinds veth and bridge": (
        "unshare", "--net", "sh", "-ec", "ip link add try0 type veth peer name try1; ip link add try2 type bridge",
    ),
}  # fmt: skip


def check() -> None:
    """Raise LabError with one line that says what is missing, and what to do instead."""
    if sys.platform != "linux":
        raise _missing(f"Linux: this is {sys.platform}")
    if os.geteuid() != 0:
        raise _missing("root")
    if lacking := _missing_controllers():
        raise _missing(f"the cgroup controllers {', '.join(lacking)}")
    if (limit := int(WATCH_LIMIT.read_text())) - _watches_in_use() < WATCHES:
        raise LabError(
            f"the local cluster needs {WATCHES} inotify instances, and of this machine's {limit} too few are free: "
            "stop another local cluster, or raise the limit: sysctl -w fs.inotify.max_user_instances=1024"
        )
    announce()
    ensure_packages()
    for what, command in TRIES.items():
        try:
            run(*command)
        except (LabError, FileNotFoundError) as error:
            raise _missing(f"{what} ({error})") from error


def _missing_controllers() -> list[str]:
    """Return the controllers that kubelet needs and no writable hierarchy of this machine has."""
    present: set[str] = set()
    for hierarchy in cgroup.hierarchies():
        if os.access(hierarchy, os.W_OK):
            offered = hierarchy / "cgroup.controllers"
            present |= set(offered.read_text().split() if offered.exists() else hierarchy.name.split(","))
    return [controller for controller in CONTROLLERS if controller not in present]


def _watches_in_use() -> int:
    """Return the number of inotify instances that are open on this machine."""
    count = 0
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            count += str(descriptor.readlink()) == "anon_inode:inotify"
        except OSError:  # it has ended in the meantime
            continue
    return count


def _missing(what: str) -> LabError:
    return LabError(f"the local cluster needs what this machine or user lacks: {what}. {OTHER_CLUSTER}")
