"""The trials on all nodes and their judgement: what of the proxy does not work there, clock, disks, memory, cures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from operations import short_lived
from operations.rehearse import job, trial
from operations.rehearse.job import BOARD_PARTS, IPTABLES, NFTABLES, RUNNING, TEMPERATURE, THROTTLED, VERSION
from operations.rehearse.trial import FOREIGN, NodeCounters, Say, Trial
from pi_mesh.checks import startup_causes
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown, warning
from pi_mesh.checks.startup_causes import IMAGE_OF_NODES, KERNEL
from pi_mesh.checks.verify import clock
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.kubelet import ContainerId, Disk
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.quantities import show_memory
from pi_mesh.settings import Settings

MEMORY, DISK = "memory cgroup", "free disk"
LEAST_FREE = 0.15
"""Share of a disk below which the kubelet by default removes unused images, this one too, and evicts pods
(https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#hard-eviction-thresholds)."""
CGROUP = "add cgroup_enable=memory cgroup_memory=1 to the line in /boot/firmware/cmdline.txt, and reboot"


def node_findings(node: str, told: NodeCounters) -> Iterator[Finding]:
    """Yield a finding for each check; what the kubelet did not tell is unknown."""
    subject, limit = Subject("node", node), told.memory_limit
    if isinstance(limit, str):
        yield _unknown(MEMORY, subject, limit)
    elif limit:
        yield ok(MEMORY, subject, f"holds the trial's Envoy to {show_memory(limit)}", number=limit)
    else:
        yield error(MEMORY, subject, "holds no container to its memory limit: the trial's has none", CGROUP)
    yield from _disks(subject, told.disks)
    yield clock.judged(subject, told.clock)


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


def _unknown(id: str, node: Subject, reason: str) -> Finding:
    return unknown(id, node, f"is unknown: {reason}", clock.RIGHTS if "no right" in reason else "")


REDIRECTION = "packet redirection"
MODULES = "load the node's kernel modules: `modprobe ip_tables iptable_nat iptable_mangle`, or nf_tables"
NATIVE = "istio.values.global.nativeNftables: true"


def redirection_finding(node: Subject, settings: Settings, answer: Trial) -> Finding:
    """Judge the way that the settings choose; the other one is a cure."""
    values = settings.istio.values.get("global")
    native = isinstance(values, dict) and bool(values.get("nativeNftables"))
    chosen, other = (NFTABLES, IPTABLES) if native else (IPTABLES, NFTABLES)
    run, instead = answer.run(chosen), answer.run(other)
    if run.succeeded:
        return ok(REDIRECTION, node, f"works by {chosen}")
    if run.exit_code is None:
        return unknown(REDIRECTION, node, f"is unknown: the trial of {chosen} gave no answer")
    message, cure = f"does not work by {chosen}: {run.last_line}", MODULES
    if instead.succeeded:
        message += f"; by {other} it works"
        cure = f"remove {NATIVE}" if native else f"set {NATIVE} (Istio 1.27 and newer)"
    elif FOREIGN in run.log:
        cure = IMAGE_OF_NODES
    elif instead.exit_code is not None:
        message += f"; by {other} it does not work either"
    return error(REDIRECTION, node, message, cure)


IMAGE, ENVOY = "proxy image", "envoy"
RELEASE = re.compile(r"version: \S+?/([\w.+-]+)/")
NO_MMAP = "MmapAligned() failed"


BOARD = "board"
QUOTED = re.compile(r"Unable to parse JSON as proto .*: ([0-9a-f]+)\s*$", re.MULTILINE)
"""The content of a file in Envoy's error."""
BOARD_START = 30
"""Seconds for a board's answer; the proxy's image is there where a sidecar runs."""
HOT = 75
"""Degrees Celsius; at 80 the firmware of a Pi 4 lowers the CPU's frequency."""
STATES = (
    (1 << 0, "has too low a voltage", "use a supply of 5.1 V and 3 A, and a short cable"),
    (0b1110, "runs at a lowered frequency", "cool it: a heat sink, a fan, air around it"),
    (1 << 16, "had too low a voltage since its start", "use a supply of 5.1 V and 3 A, and a short cable"),
    (0b1110 << 16, "ran at a lowered frequency since its start", "cool it: a heat sink, a fan, air around it"),
)
"""Bits of a Pi's get_throttled (raspberrypi.com/documentation/computers/os.html#get_throttled)."""


def board_findings(node: Subject, trial: Trial) -> Iterator[Finding]:
    """Judge temperature and voltage, where the board shows them."""
    if trial.refusal:
        yield unknown(BOARD, node, f"was not asked: {trial.refusal}")
    temperature, throttled = (QUOTED.search(trial.run(name).log) for name in (TEMPERATURE, THROTTLED))
    if temperature:
        degrees = int(temperature[1]) / 1000
        message = f"is {degrees:.0f} °C hot"
        if degrees >= HOT:
            yield warning(BOARD, node, f"{message}; at 80 °C its CPU is slowed", STATES[1][2], number=degrees)
        else:
            yield ok(BOARD, node, message, number=degrees)
    bits = int(throttled[1], 16) if throttled else 0
    yield from (warning(BOARD, node, message, fix) for mask, message, fix in STATES if bits & mask)
    if throttled and not bits:
        yield ok(BOARD, node, "has had its voltage and its frequency since its start")


def image_finding(id: str, node: Subject, image: str, trial: Trial) -> Finding:
    """Judge whether a node has the image of a trial."""
    if trial.refusal:
        fix = "free room there, or name another namespace with --namespace"
        return unknown(id, node, f"was not tried: {trial.refusal}", fix)
    if state := trial.startup:
        cause = startup_causes.cause_of(state)
        named = f"{state.word} ({cause.name})" if cause else state.word
        message = f"{image} does not start: {named}: {state.message or 'no reason given'}"
        return error(id, node, message, cause.advice if cause else f"see `kubectl describe node {node.name}`")
    return ok(id, node, f"{image} is there, after {trial.seconds:.0f} s", number=trial.seconds)


@dataclass(frozen=True)
class Judge:
    node: str
    settings: Settings
    trial: Trial

    @property
    def subject(self) -> Subject:
        return Subject("node", self.node)

    def findings(self) -> Iterator[Finding]:
        trial, image = self.trial, self.settings.images.reference("proxyv2", self.settings.istio.version)
        yield image_finding(IMAGE, self.subject, image, trial)
        if not trial.containers:
            for id in (ENVOY, REDIRECTION):
                yield unknown(id, self.subject, "is unknown: nothing of the image ran there")
            return
        yield self._envoy()
        yield redirection_finding(self.subject, self.settings, trial)
        yield from board_findings(self.subject, trial)

    def _envoy(self) -> Finding:
        """Judge Envoy by what it did, not by the node's properties."""
        run, once, istio = self.trial.run(RUNNING), self.trial.run(VERSION), f"Istio {self.settings.istio.version}"
        if run.ready:
            release = f" {said[1]}" if (said := RELEASE.search(once.log)) else ""
            return ok(ENVOY, self.subject, f"Envoy{release} of {istio} allocates memory and serves")
        failed = run if run.exit_code is not None else once
        if failed.exit_code is None:
            return unknown(ENVOY, self.subject, "Envoy runs, and did not become ready in time")
        if failed.succeeded:
            return error(ENVOY, self.subject, "Envoy starts, and does not become ready in time", "see its CPU limit")
        log = f"{run.log}\n{once.log}"
        cause = NO_MMAP if NO_MMAP in log else failed.last_line
        return error(ENVOY, self.subject, f"Envoy of {istio} does not run: {cause}", self._cure(log))

    def _cure(self, log: str) -> str:
        if NO_MMAP in log:
            return KERNEL
        if FOREIGN in log:
            return IMAGE_OF_NODES
        return f"see the whole of it: `kubectl describe node {self.node}` and the kernel's log"


def rehearse_on_nodes(
    stack: str, to: str | None, namespace: str | None, wait: int | None, say: Say
) -> Iterator[Finding]:
    """Yield every node's findings, untried nodes first. Raises as `stacks.load_with_cluster` and `Client` do."""
    targets = job.read_targets(stack, to, namespace, wait)
    settings, nodes = targets.settings, [node.name for node in targets.nodes]
    yield from targets.untried(IMAGE)
    with Client(settings.cluster.context) as client:
        short_lived.sweep(client)
        yield from targets.missing_secrets(client, IMAGE)
        trials = {node: targets.job(node) for node in nodes}
        with trial.running_trials(client, trials, targets.seconds, say) as answers:
            envoys = {
                node: ContainerId(targets.namespace, answer.pod, RUNNING) if answer.serves else None
                for node, answer in answers.items()
            }
            counters = trial.read_counters(client, envoys)
    for node in nodes:
        yield from Judge(node, settings, answers[node]).findings()
        yield from node_findings(node, counters[node])


def boards(settings: Settings, stack: str, cluster: Snapshot, say: Say) -> list[Finding]:
    """Return what the boards of the nodes show of their temperature and voltage. Raises as `Client` does."""
    targets = job.Targets(stack, settings, cluster, settings.istio.namespace, BOARD_START)
    jobs = {node.name: targets.job(node.name, BOARD_PARTS) for node in targets.nodes}
    with Client(settings.cluster.context) as client, trial.running_trials(client, jobs, BOARD_START, say) as told:
        return [finding for name, answer in told.items() for finding in board_findings(Subject("node", name), answer)]
