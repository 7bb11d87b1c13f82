"""The table of an upgrade's steps: the restarts of each step, and the problems that stop it."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.upgrade_steps import UpgradeStep

ID = "upgrade step"
COLUMNS = ("Istio", "tested with Kubernetes", "`up` restarts", "`refresh` restarts", "CRDs", "stopped by")


def show(steps: Sequence[UpgradeStep], console: Console | None = None) -> None:
    """Print the steps, one row each, and below them the problems that stop them."""
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for step in steps:
        stopped = ", ".join(dict.fromkeys(finding.id for finding in step.stops)) or "nothing"
        table.add_row(
            step.version, step.kubernetes, _restarted(step), f"sidecars of {step.running}", step.crds, stopped
        )
    (console or Console()).print(table)


def findings(steps: Iterable[UpgradeStep]) -> Iterator[Finding]:
    """Yield a finding for each step, followed by the problems of a stopped step."""
    for step in steps:
        subject = Subject("istio", step.version)
        message = f"from {step.running}: `up` restarts {_restarted(step)}; CRDs {step.crds}"
        if not step.stops:
            yield ok(ID, subject, message)
            continue
        yield error(ID, subject, f"{message}; stopped by {_stopped(step)}", "see there")
        yield from step.stops


def _stopped(step: UpgradeStep) -> str:
    """Return the names of the checks that stop the step."""
    return ", ".join(dict.fromkeys(finding.id for finding in step.stops))


def _restarted(step: UpgradeStep) -> str:
    return ", ".join(name.rpartition("/")[2] for name in step.forecast.of_traffic) or "nothing"
