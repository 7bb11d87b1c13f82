"""A stack whose mesh an upgrade changes: the effects of Pulumi, verify and refresh, and a power cut at any call.

It replaces the programs beside the operation; the findings of preflight and steps are the operation's own.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from operations import pulumi, stacks
from operations.pulumi import PulumiFailed
from operations.refresh import restarts
from operations.repair import observed_state
from operations.repair.observed_state import ObservedState
from operations.upgrade import run
from pi_mesh import inventory
from pi_mesh.catalog.istio import MINORS, NEWEST_MINOR
from pi_mesh.checks.finding import CLUSTER, Finding, Subject, ok
from pi_mesh.cluster import snapshot
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import SIDECAR, Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from tests.support.factories import STACK, make_settings
from tests.support.snapshots import installed_mesh, installed_state, make_snapshot, state_of


def newest_patch(minor: int) -> str:
    return f"1.{minor}.{MINORS[minor].newest_patch}"


START, NEXT = newest_patch(NEWEST_MINOR - 3), newest_patch(NEWEST_MINOR - 2)
"""The version that runs, and the one after it; BEFORE and NEWEST follow."""
KUBERNETES = MINORS[NEWEST_MINOR - 1].kubernetes[0]
"""Oldest minor version of Kubernetes that BEFORE supports."""


class PowerCut(BaseException):
    """The end of every running process."""


@dataclass
class World:
    """A stack file, a state and a cluster."""

    written: str = START
    recorded: str = START
    """The version that the state has of every release."""
    running: str = START
    sidecars: str = START
    kubernetes: int = KUBERNETES
    settings: dict[str, Any] = field(default_factory=dict)
    may_skip: bool = False
    """The setting `istio.allowSkip`."""
    pending: dict[str, str] = field(default_factory=dict)
    """Changes besides the version."""
    problems: dict[str, Exception | Finding] = field(default_factory=dict)
    """Failures by call: "preview VERSION", "up", "verify", "refresh"."""
    calls: list[str] = field(default_factory=list)
    parsed: dict[str, Any] = field(default_factory=dict)
    """Settings by version; each part of a step loads them anew."""
    power_cut_at: int = -1
    """Number of the call after which everything ends."""

    @property
    def versions(self) -> set[str]:
        """Return the versions of the stack file, the state, istiod and the sidecars."""
        return {self.written, self.recorded, self.running, self.sidecars}

    def called(self, name: str, key: str = "") -> None:
        """Note a call, and end everything at the power cut; `key` names the call in `problems`."""
        self.calls.append(name)
        if len(self.calls) - 1 == self.power_cut_at:
            raise PowerCut
        problem = self.problems.get(key or name)
        if isinstance(problem, Exception):
            raise problem

    def set_config(self, _stack: str, path: str, value: str) -> None:
        assert path == "istio.version"
        self.written = value
        self.called(f"write {value}")

    def preview(self, _stack: str, _judged: bool) -> dict[str, str]:
        self.called("preview", f"preview {self.written}")
        changes = {"urn::istiod-release": "update"} if self.recorded != self.written else {}
        return changes | self.pending

    def up(self, _stack: str, _judged: bool) -> None:
        self.running = self.written
        self.called("up")
        self.recorded = self.written

    def verify(self, *_: object) -> list[Finding]:
        return self._findings("verify")

    def refresh(self, *_: object, **__: object) -> list[Finding]:
        self.sidecars = self.running
        return self._findings("refresh")

    def _findings(self, call: str) -> list[Finding]:
        self.called(call)
        problem = self.problems.get(call)
        return [problem if isinstance(problem, Finding) else ok(call, CLUSTER, "well")]

    def crds(self, _context: str, base: Any) -> Finding:
        self.called(f"CRDs {base.version}")
        return ok("istio CRDs", Subject("chart", base.version), "are there")

    def situation(self, stack: str, settings: Any) -> ObservedState:
        return ObservedState(stack, settings, self.snapshot(), {"version": 3, "deployment": {"resources": []}})

    def snapshot(self, *_: object, **__: object) -> Snapshot:
        istiod = (Container("discovery", image=f"docker.io/istio/pilot:{self.running}"),)
        deployment = Deployment("istio-system", "istiod", {"app": "istiod"}, "istio-system/istiod", containers=istiod)
        proxy = (Container(SIDECAR, image=f"docker.io/istio/proxyv2:{self.sidecars}"),)
        there = installed_mesh() | {"deployments": (deployment,), "pods": (Pod("trading", "shop-1", containers=proxy),)}
        return make_snapshot(version=f"v1.{self.kubernetes}.0", **there)

    def state(self, _: object) -> StackState:
        mesh = inventory.mesh_inventory(self._settings(self.recorded), STACK)
        whole, releases = installed_state(mesh), tuple(each.name for each in mesh.releases)
        return replace(state_of(releases=releases), recorded=whole.recorded, objects=whole.objects)

    def load(self, _stack: str) -> Any:
        return self._settings(self.written)

    def load_changed(self, _stack: str, changes: dict[str, str]) -> Any:
        return self._settings(changes["istio.version"])

    def _settings(self, version: str) -> Any:
        if version not in self.parsed:
            istio = {"allowSkip": self.may_skip, "version": version}
            self.parsed[version] = make_settings(**self.settings, istio=istio)
        return self.parsed[version]


def install(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace Pulumi, the cluster and the parts of a step by the world."""
    replaced: tuple[tuple[object, dict[str, object]], ...] = (
        (stacks, {"load": world.load, "load_any": world.load, "load_changed": world.load_changed}),
        (stacks, {"of_export": world.state}),
        (pulumi, {"set_config": world.set_config, "pending": world.preview, "up": world.up}),
        (run, {"observe": lambda *_: None, "verification_findings": world.verify, "apply_crds": world.crds}),
        (run, {"PATIENCE": 0, "PAUSE": 0}),
        (observed_state, {"read": world.situation}),
        (snapshot, {"read": world.snapshot}),
        (restarts, {"restart_stale_workloads": world.refresh}),
    )
    for module, content in replaced:
        for name, value in content.items():
            monkeypatch.setattr(module, name, value)


def failed(reason: str) -> PulumiFailed:
    """Return the error of a failed Pulumi command."""
    return PulumiFailed("pulumi preview", f"failed: {reason}", "")
