"""Judgement of a node's clock, disks and memory limits, as its kubelet tells them."""

from collections.abc import Iterator
from datetime import timedelta

from operations.rehearse.node_counters import NodeCounters
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown, warning
from pi_mesh.cluster.kubelet import Disk, Offset
from pi_mesh.quantities import show_memory

MEMORY, DISK, CLOCK = "memory cgroup", "free disk", "clock"
GRACE = timedelta(minutes=2).total_seconds()
"""Seconds by which istiod's certificates begin before they are signed (security/pkg/pki/util/generate_cert.go,
ClockSkewGracePeriod)."""
SMALL = 10
"""Seconds of an offset that a working time service never leaves."""
LEAST_FREE = 0.15
"""Share of a disk below which the kubelet by default removes unused images, this one too, and evicts pods
(https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#hard-eviction-thresholds)."""
RIGHTS = "use a kubeconfig with the cluster-admin role"
SYNC = "synchronize its time: `timedatectl set-ntp true`; a Pi has no clock of its own when it starts"
CGROUP = "add cgroup_enable=memory cgroup_memory=1 to the line in /boot/firmware/cmdline.txt, and reboot"


def findings(node: str, told: NodeCounters) -> Iterator[Finding]:
    """Yield a finding for each check; what the kubelet did not tell is unknown."""
    subject = Subject("node", node)
    yield _memory(subject, told.memory_limit)
    yield from _disks(subject, told.disks)
    yield _clock(subject, told.clock)


def _memory(node: Subject, limit: int | str) -> Finding:
    if isinstance(limit, str):
        return _unknown(MEMORY, node, limit)
    if not limit:
        return error(MEMORY, node, "holds no container to its memory limit: the trial's has none", CGROUP)
    return ok(MEMORY, node, f"holds the trial's Envoy to {show_memory(limit)}", number=limit)


def _disks(node: Subject, disks: list[Disk] | str) -> Iterator[Finding]:
    if isinstance(disks, str):
        yield _unknown(DISK, node, disks)
        return
    if not disks:
        yield _unknown(DISK, node, "the kubelet tells of no disk")
    for disk in disks:
        share = disk.free / disk.size
        message = f"{show_memory(disk.free)} of {show_memory(disk.size)} ({share:.0%}) are free for {disk.purpose}"
        if share < LEAST_FREE:
            fix = "free some: the kubelet removes unused images and evicts pods"
            yield warning(DISK, node, message, fix, number=disk.free)
        else:
            yield ok(DISK, node, message, number=disk.free)


def _clock(node: Subject, offset: Offset | str) -> Finding:
    if isinstance(offset, str):
        return _unknown(CLOCK, node, offset)
    seconds = offset.certain
    if abs(seconds) < SMALL:
        return ok(CLOCK, node, "agrees with the API server's", number=seconds)
    message = f"is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the API server's"
    if abs(seconds) < GRACE:
        return warning(CLOCK, node, message, SYNC, number=seconds)
    message += ": certificates from istiod are not valid there yet, or end too soon"
    return error(CLOCK, node, message, SYNC, number=seconds)


def _unknown(id: str, node: Subject, reason: str) -> Finding:
    return unknown(id, node, f"is unknown: {reason}", RIGHTS if "no right" in reason else "")
