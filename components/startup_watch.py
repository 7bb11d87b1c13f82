"""The watch of an `up`, which says why pods are not Ready while Helm waits for them, and ends a hopeless wait.

It runs beside the program, which the engine keeps until the last resource is done, and changes no input of a release.
"""

import contextvars
import os
import signal
import threading
import time
from collections.abc import Iterable, Mapping, Sequence

import psutil
import pulumi

from components.release import ReleaseComponent
from pi_mesh.checks.startup_causes import Verdict, cause_of, everything, is_hopeless, line
from pi_mesh.cluster import pod_lifecycle
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext
from pi_mesh.cluster.pod_lifecycle import Startup
from pi_mesh.cluster.pods import Pod
from pi_mesh.inventory import Inventory, Release

LOOK, SAY, QUIET = 1.0, 8.0, 3.0
"""Seconds between two looks; at most between two lines; and before the first one of a release."""
NEARLY = 4
"""Seconds before Helm's time is up, at which all that is known is said: then the pods are gone."""


def begin(mesh: Inventory, before: Iterable[Pod]) -> "Watch | None":
    """Watch the releases of an `up`, unless the settings say not to; `before`: the pods that were there already."""
    if mesh.settings.release.watch == "off":
        return None
    try:
        watch = Watch(mesh, Client(mesh.settings.cluster.context), before)
    except (ClusterUnreachable, WrongContext):
        return None  # preflight has read this cluster; a watch less is no reason to stop
    threading.Thread(target=contextvars.copy_context().run, args=(watch.run,), daemon=True).start()
    return watch


class Watch:
    """The watch of the releases for which Helm waits."""

    def __init__(self, mesh: Inventory, client: Client, before: Iterable[Pod]) -> None:
        self.mesh, self.client = mesh, client
        self.before = {f"pod {pod.id}" for pod in before}
        """Pods that this `up` may be about to mend: their state ends no wait."""
        self.done: set[str] = set()
        """Names of the releases that are deployed."""
        self.said: set[tuple[str, ...]] = set()
        self.last_line = self.began = time.monotonic()
        self.under_way, self.told_all = "", False

    def follow(self, releases: Iterable[ReleaseComponent]) -> None:
        """Note of each release when it is deployed."""
        for release in releases:
            release.status.apply(lambda _, name=release.release_name: self.done.add(name))

    def run(self) -> None:
        """Look until every release is deployed, or the program ends."""
        while left := [release for release in self.mesh.releases if release.name not in self.done]:
            time.sleep(LOOK)
            try:
                if not self.look(left, time.monotonic()):
                    return
            except ClusterUnreachable:
                continue  # Helm waits on, and so does the watch

    def look(self, left: Sequence[Release], now: float) -> bool:
        """Say what is new of the release that is under way; False when its wait was ended."""
        release, waiting = self._under_way(left)
        if release.name != self.under_way:
            self.under_way, self.began, self.told_all = release.name, now, False
        waited = now - self.began
        hopeless = [pod for pod in filter(is_hopeless, waiting) if not (pod.ending or pod.name in self.before)]
        if hopeless and self.mesh.settings.release.watch == "end":
            lines = "\n".join(map(everything, hopeless))
            pulumi.log.error(f"{release.name} can never be ready, its wait is ended after {waited:.0f} s:\n{lines}")
            interrupt()
            return False
        new = {pod.key for pod in waiting} - self.said
        if (new and waited > QUIET) or now - self.last_line > SAY:
            self.said |= new
            self._say(release, waiting, waited, now)
        nearly = waited > self.mesh.settings.release.timeout - NEARLY
        if waiting and not self.told_all and (nearly or any(pod.ending for pod in waiting)):
            self.told_all = True
            lines = "\n".join(map(everything, waiting))
            pulumi.log.warn(f"{release.name} is given up after {waited:.0f} s:\n{lines}")
        return True

    def _under_way(self, left: Sequence[Release]) -> tuple[Release, list[Startup]]:
        """Return the first release with a new pod that is not Ready, and what it waits for; else the first of all."""
        namespaces = dict.fromkeys(workload.namespace for release in left for workload in release.workloads)
        pods = {name: pod_lifecycle.read_startups(self.client, name, self.mesh.has_pod) for name in namespaces}
        by_release = [(release, self._waiting(release, pods)) for release in left]
        begun = (pair for pair in by_release if any(pod.name not in self.before for pod in pair[1]))
        return next(begun, by_release[0])

    def _waiting(self, release: Release, pods: Mapping[str, Sequence[Startup]]) -> list[Startup]:
        startups: list[Startup] = []
        for workload in release.workloads:
            there = pods[workload.namespace]
            own = [pod for pod in there if workload.has_pod(workload.namespace, pod.labels)]
            startups += [pod for pod in own if not (pod.ending and pod.name in self.before)]
            if not there and workload.service_type in ("LoadBalancer", "auto"):
                startups += pod_lifecycle.without_address(self.client, workload.namespace, workload.name)
        return startups

    def _say(self, release: Release, waiting: list[Startup], waited: float, now: float) -> None:
        self.last_line = now
        what = "; ".join(map(line, waiting)) or ("Helm undoes the change" if self.told_all else "Helm is at work")
        warn = any(cause.verdict is not Verdict.WAIT for pod in waiting if (cause := cause_of(pod)))
        (pulumi.log.warn if warn else pulumi.log.info)(f"{release.name}, {waited:.0f} s: {what}")


def interrupt() -> None:
    """Interrupt the engine as Ctrl-C does: what is under way is undone in order, and nothing stays pending."""
    for parent in psutil.Process().parents():
        if parent.name() == "pulumi":
            os.kill(parent.pid, signal.SIGINT)
            return
