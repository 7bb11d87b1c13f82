"""The trials of the proxy's image: one Job per node at once, its answer, and the kubelet's answers about the node."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from operations import short_lived
from operations.rehearse.job import PURPOSE, RUNNING
from operations.short_lived import DEADLINE, ShortLived
from pi_mesh.checks import startup_causes
from pi_mesh.checks.verify import clock
from pi_mesh.cluster import kubelet, pod_lifecycle
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import Refused
from pi_mesh.cluster.kubelet import ContainerId, Disk, NotAnswered, Offset
from pi_mesh.cluster.pod_lifecycle import Startup
from pi_mesh.names import SHORT_LIVED_LABEL
from pi_mesh.waiting import until

START = 45
"""Seconds that the programs may take until they serve or end: a Pi reads 100 MB of Envoy from an SD card."""

FOREIGN = "exec format error"
"""The kernel's words about a program for another processor."""


@dataclass(frozen=True)
class ContainerRun:
    """The end, or the state, of one container."""

    exit_code: int | None = None
    """None while it runs."""
    ready: bool = False
    reason: str = ""
    """Reason of its end, as the kubelet says it."""
    log: str = ""

    @property
    def succeeded(self) -> bool:
        return self.exit_code == 0

    @property
    def last_line(self) -> str:
        """Return the last line of its log, or else the kubelet's reason for its end."""
        lines = [line.strip() for line in self.log.splitlines() if line.strip()]
        if lines:
            return lines[-1][: startup_causes.LONGEST]
        return f"{self.reason or 'no reason given'}, exit code {self.exit_code}"


@dataclass(frozen=True)
class Trial:
    """The answer of one node."""

    refusal: str = ""
    """Reason for which no pod ran."""
    startup: Startup | None = None
    """State of the pod while a container has not started; None when all have."""
    containers: Mapping[str, ContainerRun] = field(default_factory=dict)
    """The containers that have started."""
    seconds: float = 0
    """Seconds until all containers had started, the pull of the image included."""
    pod: str = ""

    def is_settled(self, lived: float) -> bool:
        """Return True if nothing more is to come of a trial that has lived for so many seconds."""
        if self.refusal:
            return True
        if self.startup:
            return startup_causes.is_hopeless(self.startup)
        runs = self.containers.items()
        is_late = lived - self.seconds > START
        return is_late or all(run.exit_code is not None or (name == RUNNING and run.ready) for name, run in runs)

    def run(self, name: str) -> ContainerRun:
        """Return the run of a container, also of one that has not started."""
        return self.containers.get(name, ContainerRun())

    @property
    def serves(self) -> bool:
        """Return True while Envoy runs."""
        return RUNNING in self.containers and self.containers[RUNNING].exit_code is None


def parse_trial(pod: Mapping[str, Any], states: Mapping[str, Startup]) -> Trial:
    """Return the trial of a pod from the API; `states` are those of pods that are not Ready, by their names."""
    meta, status = pod["metadata"], pod.get("status", {})
    name, entries = meta["name"], status.get("containerStatuses") or []
    if status.get("phase") == "Failed" and not entries:
        return Trial(f"{status.get('reason', 'its pod failed')}: {status.get('message', '')}", pod=name)
    unstarted = [entry for entry in entries if "waiting" in entry.get("state", {})]
    runs = {entry["name"]: _run(entry) for entry in entries if entry not in unstarted}
    if entries and not unstarted:
        return Trial(containers=runs, pod=name)
    state = states.get(f"pod {meta['namespace']}/{name}", Startup("", "starting"))
    # Each container pulls the image for itself, and each failure is an event.
    return Trial(startup=replace(state, tries=-(-state.tries // max(1, len(entries)))), containers=runs, pod=name)


def _run(entry: Mapping[str, Any]) -> ContainerRun:
    ended = entry.get("state", {}).get("terminated")
    if not ended:
        return ContainerRun(ready=entry.get("ready", False))
    return ContainerRun(ended["exitCode"], reason=f"{ended.get('reason', '')} {ended.get('message', '')}".strip())


PAUSE, SILENCE = 1.0, 10.0
"""Seconds between two looks, and at most without a line about a node."""
PROLONGED = DEADLINE / 3
"""Seconds after which the deadlines of Jobs without an answer are moved."""
WITHOUT_POD = 15
"""Seconds within which the Job controller creates a pod, unless something forbids it."""
LOG_BYTES, LOG_SECONDS = 64 * 1024, 10
Say = Callable[[str], object]


@contextmanager
def running_trials(
    client: Client, trials: Mapping[str, ShortLived], seconds: float, say: Say
) -> Iterator[dict[str, Trial]]:
    """Yield the answer of each node, by its name; an Envoy that serves goes on until the end of the block.

    All trials have one namespace, and pull the image at most for `seconds`. Raises as `Client` does.
    """
    watch = _Watch(client, trials, say)
    try:
        watch.start()
        watch.wait(seconds)
        yield watch.answers
    finally:
        watch.stop()


class _Watch:
    """The Jobs that have no answer yet, and the answers of the others."""

    def __init__(self, client: Client, trials: Mapping[str, ShortLived], say: Say) -> None:
        self._client, self._trials, self._say = client, trials, say
        self._namespace = next((each.namespace for each in trials.values()), "")
        self._home = f"/api/v1/namespaces/{self._namespace}"
        self._jobs: dict[str, str] = {}
        self._shown: dict[str, tuple[tuple[str, ...], float]] = {}
        self.answers: dict[str, Trial] = {}
        self._begun = self._prolonged = time.monotonic()

    def start(self) -> None:
        for node, workload in self._trials.items():
            try:
                self._jobs[node] = short_lived.start(self._client, workload)["name"]
            except Refused as problem:
                self.answers[node] = Trial(f"its Job was refused: {problem.reason}")

    def wait(self, seconds: float) -> None:
        started: dict[str, float] = {}
        while nodes := [node for node in self._jobs if node not in self.answers]:
            lived = time.monotonic() - self._begun
            if time.monotonic() - self._prolonged >= PROLONGED:
                self._prolonged = time.monotonic()
                for node in nodes:
                    short_lived.prolong(self._client, self._namespace, self._jobs[node], lived)
            for node, trial in self._seen(nodes, lived).items():
                if trial.startup is None:
                    started.setdefault(node, lived)
                timed = replace(trial, seconds=started.get(node, lived))
                if timed.is_settled(lived) or lived > seconds:
                    self.answers[node] = self._with_logs(timed)
                else:
                    self._show(node, timed)
            time.sleep(PAUSE)

    def stop(self) -> None:
        for job in self._jobs.values():
            short_lived.stop(self._client, self._namespace, job)

    def _seen(self, nodes: list[str], lived: float) -> dict[str, Trial]:
        every = self._client.items(f"{self._home}/pods", labelSelector=f"{SHORT_LIVED_LABEL}={PURPOSE}")
        by_job = {pod["metadata"]["labels"].get("job-name"): pod for pod in every}
        pods = {node: by_job.get(self._jobs[node]) for node in nodes}
        states = pod_lifecycle.startups(self._client, self._namespace, [pod for pod in pods.values() if pod])
        by_name = {state.name: state for state in states}
        return {node: parse_trial(pod, by_name) if pod else self._podless(node, lived) for node, pod in pods.items()}

    def _podless(self, node: str, lived: float) -> Trial:
        """Return the trial of a Job whose pod does not exist, with the Job controller's reason."""
        if lived < WITHOUT_POD:
            return Trial(startup=Startup("", "no pod yet"))
        of_job = f"involvedObject.kind=Job,involvedObject.name={self._jobs[node]}"
        events = self._client.items(f"{self._home}/events", fieldSelector=of_job)
        reasons = [event.get("message", "") for event in events if event.get("reason") == "FailedCreate"]
        *_, last = ("its pod was not created, or was deleted", *reasons)
        return Trial(last)

    def _with_logs(self, trial: Trial) -> Trial:
        path = f"{self._home}/pods/{trial.pod}/log?limitBytes={LOG_BYTES}"
        runs = dict(trial.containers)
        for name, run in runs.items():
            status, text, _ = self._client.relay(f"{path}&container={name}", LOG_SECONDS)
            runs[name] = replace(run, log=text if status == 200 else "")
        return replace(trial, containers=runs)

    def _show(self, node: str, trial: Trial) -> None:
        now, key = time.monotonic(), trial.startup.key if trial.startup else ("running",)
        shown, at = self._shown.get(node, ((), 0.0))
        if shown == key and now - at < SILENCE:
            return
        self._shown[node] = key, now
        self._say(startup_causes.line(replace(trial.startup or Startup("", "its programs start"), name=f"node {node}")))


T = TypeVar("T")
AT_ONCE = 8
COUNTER_PATIENCE, COUNTER_PAUSE = 20.0, 2.0
"""Seconds until the kubelet has counted a new container for certain, and between two questions."""


@dataclass(frozen=True)
class NodeCounters:
    """The kubelet's answers; a text in place of one is the reason for which it is unknown."""

    clock: Offset | str
    disks: list[Disk] | str
    memory_limit: int | str


def read_counters(client: Client, envoys: Mapping[str, ContainerId | None]) -> dict[str, NodeCounters]:
    """Return the answers of the nodes; each may have a running Envoy."""

    def asked(node: str) -> NodeCounters:
        disks = _or_reason(lambda: kubelet.disks(client, node))
        limit = "no Envoy of the trial runs there"
        if running := envoys[node]:
            limit = _or_reason(lambda: _memory_limit(client, node, running))
        return NodeCounters(clock.offset(client, node), disks, limit)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return dict(zip(envoys, pool.map(asked, envoys), strict=True))


def _memory_limit(client: Client, node: str, running: ContainerId) -> int:
    """Return the limit of Envoy's cgroup, 0 for a cgroup without one. Raises NotAnswered."""
    counted = until(lambda: kubelet.counters(client, node).get(running), COUNTER_PATIENCE, COUNTER_PAUSE)
    if counted is None:
        raise NotAnswered("the kubelet does not count the trial's container")
    return counted.memory_limit


def _or_reason(ask: Callable[[], T]) -> T | str:
    try:
        return ask()
    except NotAnswered as problem:
        return str(problem)
