"""The answer of one node to the trial of the proxy's image."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from operations.rehearse.trial_pod import RUNNING
from pi_mesh.checks import startup_causes
from pi_mesh.cluster.startup import Startup

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
        lines = [line.strip() for line in self.log.splitlines() if line.strip() and not line.startswith("AT_")]
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
        late = lived - self.seconds > START
        return late or all(self._has_answer(name) for name in self.containers)

    def _has_answer(self, name: str) -> bool:
        """Return True for a container that has ended, and for an Envoy that serves."""
        run = self.containers[name]
        return run.exit_code is not None or (name == RUNNING and run.ready)


def parse(pod: Mapping[str, Any], states: Mapping[str, Startup]) -> Trial:
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
    said = f"{ended.get('reason', '')} {ended.get('message', '')}".strip()
    return ContainerRun(ended["exitCode"], reason=said)
