"""The watch of an `up`: it says what pods are waiting for while Helm waits for them, and ends a hopeless wait.

It runs beside the program, which the engine keeps until the last resource is done, and changes no input of a release.
"""

import contextvars
import os
import signal
import threading
import time
from collections.abc import Iterable

import psutil
import pulumi

from components.release import ReleaseComponent
from pi_mesh.checks.waiting import Verdict, cause_of, is_hopeless
from pi_mesh.cluster import startup
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext
from pi_mesh.cluster.startup import Startup
from pi_mesh.inventory import Inventory, Release

LOOK, SAY, QUIET = 1.0, 8.0, 3.0
"""Seconds between two looks; at most between two lines; and before the first one of a release."""
NEARLY = 4
"""Seconds before Helm's time is up, at which all that is known is said: then the pods are gone."""


def begin(mesh: Inventory, made: Iterable[ReleaseComponent]) -> None:
    """Watch the releases of an `up`, unless the settings say not to."""
    if mesh.settings.release.watch == "off":
        return
    try:
        watch = Watch(mesh, Client(mesh.settings.cluster.context))
    except (ClusterUnreachable, WrongContext):
        return  # preflight has read this cluster; a watch less is no reason to stop
    for one in made:
        one.status.apply(lambda _, name=one.release_name: watch.done.add(name))
    threading.Thread(target=contextvars.copy_context().run, args=(watch.run,), daemon=True).start()


class Watch:
    """What is known of the releases that are waited for."""

    def __init__(self, mesh: Inventory, client: Client) -> None:
        self.mesh, self.client = mesh, client
        self.done: set[str] = set()
        """Names of the releases that are deployed."""
        self.said: set[tuple[str, ...]] = set()
        self.last_line = self.began = time.monotonic()
        self.under_way, self.told_all = "", False

    def run(self) -> None:
        """Look until every release is deployed, or the program ends."""
        while left := [release for release in self.mesh.releases if release.name not in self.done]:
            time.sleep(LOOK)
            try:
                if not self.look(left[0], time.monotonic()):
                    return
            except ClusterUnreachable:
                continue  # Helm waits on, and so does the watch

    def look(self, release: Release, now: float) -> bool:
        """Say what is new of the release that is under way; False when its wait was ended."""
        if release.name != self.under_way:
            self.under_way, self.began, self.told_all = release.name, now, False
        waited = now - self.began
        waiting = self._waiting(release)
        hopeless = [one for one in waiting if is_hopeless(one) and not one.ending]
        if hopeless and self.mesh.settings.release.watch == "end":
            self._end(release, hopeless, waited)
            return False
        new = {one.key for one in waiting} - self.said
        if (new and waited > QUIET) or now - self.last_line > SAY:
            self.said |= new
            self._say(release, waiting, waited, now)
        timeout = self.mesh.settings.release.timeout
        if waiting and not self.told_all and (waited > timeout - NEARLY or any(one.ending for one in waiting)):
            self.told_all = True
            pulumi.log.warn("\n".join([f"{release.name} is given up after {waited:.0f} s:", *map(_all, waiting)]))
        return True

    def _waiting(self, release: Release) -> list[Startup]:
        found: list[Startup] = []
        for workload in release.workloads:
            found += startup.read(self.client, workload.namespace, workload.selector)
            if not found and workload.service_type in ("LoadBalancer", "auto"):
                found += startup.without_address(self.client, workload.namespace, workload.name)
        return found

    def _say(self, release: Release, waiting: list[Startup], waited: float, now: float) -> None:
        self.last_line = now
        what = "; ".join(map(_line, waiting)) or "Helm is at work"
        warn = any(cause.verdict is not Verdict.WAIT for one in waiting if (cause := cause_of(one)))
        (pulumi.log.warn if warn else pulumi.log.info)(f"{release.name}, {waited:.0f} s: {what}")

    def _end(self, release: Release, hopeless: list[Startup], waited: float) -> None:
        lines = "\n".join(map(_all, hopeless))
        pulumi.log.error(f"{release.name} can never be ready, its wait is ended after {waited:.0f} s:\n{lines}")
        interrupt()


def interrupt() -> None:
    """Interrupt the engine as Ctrl-C does: what is under way is undone in order, and nothing stays pending."""
    for parent in psutil.Process().parents():
        if parent.name() == "pulumi":
            os.kill(parent.pid, signal.SIGINT)
            return


def _line(one: Startup) -> str:
    """Return such as "pod istio-system/istiod-x: ImagePullBackOff (not in the registry, 2 pulls failed): IMAGE"."""
    cause = cause_of(one)
    details = [cause.name if cause else "", f"{one.tries} pulls failed" if one.tries > 1 else ""]
    shown = ", ".join(filter(None, details))
    return f"{one.name}: {one.word}{f' ({shown})' if shown else ''}{f': {_short(one)}' if _short(one) else ''}"


def _short(one: Startup) -> str:
    """Return what of Kubernetes' message is worth a line."""
    if one.word in (*startup.BACK_OFF, "pulling"):
        return one.image
    return one.message.partition("\n")[0][:160]


def _all(one: Startup) -> str:
    """Return everything that is known of a pod, with the advice."""
    cause, lines = cause_of(one), [f"  {_line(one)}"]
    if one.message and one.word in startup.BACK_OFF:
        lines.append(f"    {one.message}")
    lines += [f"    | {line}" for line in one.log]
    if cause:
        lines.append(f"    {cause.advice}")
    return "\n".join(lines)
