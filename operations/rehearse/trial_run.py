"""The run of the trials: one Job per node at once, watched until each has an answer, and removed."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from operations import short_lived
from operations.rehearse import trial
from operations.rehearse.trial import Trial
from operations.rehearse.trial_login import Login
from operations.rehearse.trial_pod import PURPOSE
from operations.short_lived import DEADLINE, ShortLived
from pi_mesh.checks import startup_causes
from pi_mesh.cluster import startup
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import Refused
from pi_mesh.cluster.startup import Startup
from pi_mesh.names import SHORT_LIVED_LABEL

PAUSE, SILENCE = 1.0, 10.0
"""Seconds between two looks, and at most without a line about a node."""
PROLONGED = DEADLINE / 3
"""Seconds after which the deadlines of Jobs without an answer are moved."""
WITHOUT_POD = 15
"""Seconds within which the Job controller creates a pod, unless something forbids it."""
LOG_BYTES, LOG_SECONDS = 64 * 1024, 10
Say = Callable[[str], object]


@contextmanager
def running(
    client: Client, trials: Mapping[str, ShortLived], login: Login | None, seconds: float, say: Say
) -> Iterator[dict[str, Trial]]:
    """Yield the answer of each node, by its name; an Envoy that serves goes on until the end of the block.

    All trials have one namespace, and pull the image with `login`, at most for `seconds`. Raises as `Client` does.
    """
    watch = _Watch(client, trials, say)
    try:
        watch.start(login)
        watch.wait(seconds)
        yield watch.answers
    finally:
        watch.stop()


class _Watch:
    """The Jobs that have no answer yet, and the answers of the others."""

    def __init__(self, client: Client, trials: Mapping[str, ShortLived], say: Say) -> None:
        self._client, self._trials, self._say = client, trials, say
        self._jobs: dict[str, str] = {}
        self._shown: dict[str, tuple[tuple[str, ...], float]] = {}
        self.answers: dict[str, Trial] = {}
        self._begun = self._prolonged = time.monotonic()

    def start(self, login: Login | None) -> None:
        made: dict[str, Mapping[str, Any]] = {}
        for node, wanted in self._trials.items():
            try:
                made[node] = short_lived.start(self._client, wanted)
                self._jobs[node] = made[node]["name"]
            except Refused as problem:
                self.answers[node] = Trial(f"its Job was refused: {problem.reason}")
        if login and made:
            login.create(self._client, self._trials[next(iter(made))].namespace, made.values())

    def wait(self, seconds: float) -> None:
        started: dict[str, float] = {}
        while nodes := [node for node in self._jobs if node not in self.answers]:
            lived = time.monotonic() - self._begun
            self._prolong(nodes, lived)
            for node, seen in self._seen(nodes, lived).items():
                if seen.startup is None:
                    started.setdefault(node, lived)
                timed = replace(seen, seconds=started.get(node, lived))
                if timed.is_settled(lived) or lived > seconds:
                    self.answers[node] = self._with_logs(node, timed)
                else:
                    self._show(node, timed)
            time.sleep(PAUSE)

    def stop(self) -> None:
        for node, job in self._jobs.items():
            short_lived.stop(self._client, self._trials[node].namespace, job)

    def _prolong(self, nodes: list[str], lived: float) -> None:
        if time.monotonic() - self._prolonged >= PROLONGED:
            self._prolonged = time.monotonic()
            for node in nodes:
                short_lived.prolong(self._client, self._trials[node].namespace, self._jobs[node], lived)

    def _seen(self, nodes: list[str], lived: float) -> dict[str, Trial]:
        first, *_ = nodes
        namespace = self._trials[first].namespace
        selector = f"{SHORT_LIVED_LABEL}={PURPOSE}"
        every = self._client.items(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)
        by_job = {pod["metadata"]["labels"].get("job-name"): pod for pod in every}
        found = {node: by_job.get(self._jobs[node]) for node in nodes}
        states = startup.of_pods(self._client, namespace, [pod for pod in found.values() if pod])
        by_name = {state.name: state for state in states}
        return {node: trial.parse(pod, by_name) if pod else self._podless(node, lived) for node, pod in found.items()}

    def _podless(self, node: str, lived: float) -> Trial:
        """Return the trial of a Job whose pod does not exist, with the Job controller's reason."""
        if lived < WITHOUT_POD:
            return Trial(startup=Startup("", "no pod yet"))
        path, job = f"/api/v1/namespaces/{self._trials[node].namespace}/events", self._jobs[node]
        events = self._client.items(path, fieldSelector=f"involvedObject.kind=Job,involvedObject.name={job}")
        reasons = [event.get("message", "") for event in events if event.get("reason") == "FailedCreate"]
        *_, last = ("its pod was not created, or was deleted", *reasons)
        return Trial(last)

    def _with_logs(self, node: str, seen: Trial) -> Trial:
        path = f"/api/v1/namespaces/{self._trials[node].namespace}/pods/{seen.pod}/log?limitBytes={LOG_BYTES}"
        runs = dict(seen.containers)
        for name, run in runs.items():
            status, text, _ = self._client.relay(f"{path}&container={name}", LOG_SECONDS)
            runs[name] = replace(run, log=text if status == 200 else "")
        return replace(seen, containers=runs)

    def _show(self, node: str, seen: Trial) -> None:
        now, key = time.monotonic(), seen.startup.key if seen.startup else ("running",)
        shown, at = self._shown.get(node, ((), 0.0))
        if shown == key and now - at < SILENCE:
            return
        self._shown[node] = key, now
        state = seen.startup or Startup("", "Envoy starts")
        self._say(startup_causes.line(replace(state, name=f"node {node}")))
