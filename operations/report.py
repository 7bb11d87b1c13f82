"""The one result of every operation: shown as a table, printed as JSON, described by docs/operations.schema.json."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from operations.failures import Exit
from operations.proxy_report import ProxyRow
from pi_mesh.checks.finding import Finding, Level, errors
from pi_mesh.quantities import Resources

Operation = Literal["preflight", "verify", "repair", "adopt", "budget", "rotate-ca", "proxies", "refresh", "charts"]
VERDICTS: dict[Operation, tuple[str, str]] = {
    "preflight": ("the cluster can carry the mesh", "`pulumi up` would be refused"),
    "verify": ("the mesh is as the settings say", "the mesh is not as the settings say"),
    "repair": ("nothing is left to repair", "something is left to repair"),
    "adopt": ("nothing stands in the way", "something stands in the way, and nothing more was written"),
    "budget": ("the budget was counted", "the budget could not be counted"),
    "rotate-ca": ("the mesh's CA was rotated", "the rotation of the mesh's CA is not proven"),
    "proxies": ("no proxy has a problem", "a proxy has a problem"),
    "charts": ("the charts are the locked ones", "not every chart could be had as it was locked"),
    "refresh": ("nothing is left to restart but what is named", "not every older proxy was restarted"),
}
"""What success and problems of each operation mean."""


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Totals(Model):
    """How many findings there are of each level."""

    ok: int
    warning: int
    error: int
    unknown: int


class Component(Model):
    """What all pods of one component request, and may use."""

    component: str
    pods: int
    requests: Resources
    limits: Resources
    surge: Resources
    """Requests of the further pods for as long as a rollout takes."""


class NodeRoom(Model):
    """What one live node has left."""

    node: str
    sidecars: int
    """How many more sidecars the scheduler accepts here."""
    free: Resources
    """Allocatable less requests; negative where an allocatable has shrunk under running pods."""
    accepts: bool
    """False where ordinary pods are kept away: not Ready, cordoned or tainted."""


class BudgetPart(Model):
    """What the mesh asks of the Pis, and what it leaves them."""

    components: tuple[Component, ...]
    sidecar: Component
    """One sidecar: what every injected pod costs on top of its own containers."""
    trading: Component
    """The pods that `trading.workloads` promises, each of the default size and with its sidecar."""
    nodes: tuple[NodeRoom, ...]
    sidecars: int
    """How many more sidecars the scheduler accepts on all nodes together."""
    waiting: int
    """How many pods of the mesh are not there yet, or smaller than the settings want them."""
    remaining: int
    """How many more sidecars the scheduler accepts when these are placed; 0 where they don't fit."""


class Report(Model):
    """What an operation found."""

    operation: Operation
    stack: str
    status: Exit
    """The exit status: 0 success, 1 problems, 2 command line, settings or Pulumi not usable, 3 no cluster."""
    findings: tuple[Finding, ...]
    """What was checked, or, for repair, what was found (message) and what is done about it (fix)."""
    budget: BudgetPart | None = None
    """Only of the operation budget."""
    proxies: tuple[ProxyRow, ...] | None = None
    """Only of the operation proxies."""

    @computed_field(description="How many findings there are of each level.")
    @property
    def totals(self) -> Totals:
        counted = Counter(finding.level.value for finding in self.findings)
        return Totals(**{level.value: counted[level.value] for level in Level})

    @computed_field(description="What the findings together mean, in one sentence.")
    @property
    def verdict(self) -> str:
        succeeded, failed = VERDICTS[self.operation]
        if self.status in (Exit.USAGE, Exit.NO_CLUSTER):
            return f"stack {self.stack}: {self.operation} could not run"
        if self.status is Exit.OK:
            return f"stack {self.stack}: {succeeded}"
        return f"stack {self.stack}: {failed}"


def of(operation: Operation, stack: str, findings: Sequence[Finding], budget: BudgetPart | None = None) -> Report:
    """Return the report of an operation that came to its end: errors are problems, warnings and unknowns are not."""
    status = Exit.PROBLEMS if errors(findings) else Exit.OK
    return Report(operation=operation, stack=stack, status=status, findings=tuple(findings), budget=budget)
