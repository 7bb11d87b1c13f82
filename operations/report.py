"""The one result of every operation: shown as a table, printed as JSON, described by docs/operations.schema.json."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from operations.failures import Exit
from pi_mesh.checks.finding import Finding, Level, errors

Operation = Literal["preflight", "verify", "repair", "budget", "rotate-ca"]
TITLES: dict[Operation, str] = {
    "preflight": "Preflight of",
    "verify": "Verification of",
    "repair": "Repair of",
    "budget": "Budget of",
    "rotate-ca": "Rotation of the CA of",
}
STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "bold red", Level.UNKNOWN: "magenta"}


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Totals(Model):
    """How many findings there are of each level."""

    ok: int
    warning: int
    error: int
    unknown: int


class Amounts(Model):
    """CPU and memory."""

    cpu: int
    """Thousandths of a core."""
    memory: int
    """Bytes."""


class Component(Model):
    """What all pods of one component request, and may use."""

    component: str
    pods: int
    requests: Amounts
    limits: Amounts
    surge: Amounts
    """Requests of the further pods for as long as a rollout takes."""


class NodeRoom(Model):
    """What one live node has left."""

    node: str
    sidecars: int
    """How many more sidecars the scheduler accepts here."""
    free: Amounts
    """Allocatable less requests; negative where an allocatable has shrunk under running pods."""
    accepts: bool
    """False where ordinary pods are kept away: not Ready, cordoned or tainted."""


class BudgetPart(Model):
    """What the mesh asks of the Pis, and what it leaves them."""

    components: tuple[Component, ...]
    sidecar: Component
    """One sidecar: what every injected pod costs on top of its own containers."""
    nodes: tuple[NodeRoom, ...]
    sidecars: int
    """How many more sidecars the scheduler accepts on all nodes together."""


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

    @computed_field(description="How many findings there are of each level.")
    @property
    def totals(self) -> Totals:
        counted = Counter(finding.level.value for finding in self.findings)
        return Totals(**{level.value: counted[level.value] for level in Level})


def of(operation: Operation, stack: str, findings: Sequence[Finding], budget: BudgetPart | None = None) -> Report:
    """Return the report of an operation that came to its end: errors are problems, warnings and unknowns are not."""
    status = Exit.PROBLEMS if errors(findings) else Exit.OK
    return Report(operation=operation, stack=stack, status=status, findings=tuple(findings), budget=budget)


def show(report: Report) -> None:
    """Print the findings as a table with their totals."""
    numbers = ", ".join(f"{count} {level}" for level, count in report.totals if count)
    title = f"{TITLES[report.operation]} {report.stack}"
    table = Table(title=title, caption=numbers, title_justify="left", caption_justify="left")
    table.add_column("")
    table.add_column("check", no_wrap=True)
    table.add_column("where and what", overflow="fold")
    for finding in report.findings:
        table.add_row(f"[{STYLES[finding.level]}]{finding.level}[/]", finding.id, escape(str(finding)))
    Console().print(table)
