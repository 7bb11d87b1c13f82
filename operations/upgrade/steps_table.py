"""The table of an upgrade's steps: the restarts of each step, and the problems that stop it."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

from operations import report_text
from operations.report import Report
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.upgrade_steps import UpgradeStep

ID = "upgrade step"
COLUMNS = ("Istio", "Kubernetes", "restarts", "CRDs", "stopped by")


def show(steps: Sequence[UpgradeStep]) -> None:
    """Print the steps, one row each."""
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for step in steps:
        table.add_row(step.version, step.kubernetes, _restarted(step), step.crds, _stopped(step) or "nothing")
    Console().print(table)


def show_stops(steps: Iterable[UpgradeStep], done: Report) -> None:
    """Print in full what stops the first step that is stopped: the table names it for the others."""
    stops = next((step.stops for step in steps if step.stops), [])
    others = [finding for finding in done.findings if finding.id != ID]
    shown = tuple(finding for finding in others if finding in stops) or tuple(others)
    if shown:
        report_text.show(done.model_copy(update={"findings": shown}))
    else:
        Console().print(done.verdict)


def findings(steps: Iterable[UpgradeStep]) -> Iterator[Finding]:
    """Yield a finding for each step, followed by the problems of a stopped step."""
    for step in steps:
        subject = Subject("istio", step.version)
        message = f"from {step.running}, restarts {_restarted(step)}; CRDs: {step.crds}"
        if not step.stops:
            yield ok(ID, subject, message)
            continue
        yield error(ID, subject, f"{message}; stopped by {_stopped(step)}", "see the next findings")
        yield from step.stops


def _stopped(step: UpgradeStep) -> str:
    """Return the names of the checks that stop the step."""
    return ", ".join(dict.fromkeys(finding.id for finding in step.stops))


def _restarted(step: UpgradeStep) -> str:
    """Return whose pods `up` makes anew, by their titles, and the sidecars, which `refresh` restarts."""
    titles = {f"Deployment {one.namespace}/{one.name}": one.title for one in step.mesh.workloads}
    return ", ".join([*(titles.get(name, name) for name in step.forecast.of_traffic), "sidecars"])
