"""The command `make bench`: time install, nothing to change and preview against the tools a user would use instead."""

import argparse
import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from lab.bench import comparison_report
from lab.bench.contenders import NAIVE, Contender, floor, helm, istioctl, naive, pulumi
from lab.bench.rounds import Series, interleave
from lab.bench.timed_command import lab_environment, run, seconds
from lab.cluster.names import CHECKOUT
from lab.dead_run import STACK
from pi_mesh.settings.stack_file import load_file

SHIPPED = CHECKOUT / f"Pulumi.{STACK}.yaml"


def main() -> None:
    """Compare the contenders."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="rounds; the median is quoted")
    parser.add_argument("--into", type=Path, default=CHECKOUT / "docs" / "figures", help="folder of the page")
    compare(**vars(parser.parse_args()))


def compare(runs: int, into: Path) -> None:
    """Time the contenders and write the page."""
    console = Console()
    environment = lab_environment()
    os.environ.update(environment)
    run(["pulumi", "stack", "select", STACK, "--create"], environment)
    run(["pulumi", "stack", "select", "naive", "--create"], environment, NAIVE)
    settings = load_file(SHIPPED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        others = [make(settings, folder) for make in (naive, helm, istioctl)]
        contenders = [pulumi(settings), *others, floor(settings, folder, environment)]
        groups = [*_installs(contenders, environment, runs, console.print), _previews(environment, runs, console.print)]
    console.print(comparison_report.table(groups))
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    page = comparison_report.page(groups, runs, machine) + comparison_report.explanation(into / "bench.md")
    (into / "bench.md").write_text(page)
    (into / "bench.json").write_text(comparison_report.raw(groups, machine))


def _installs(contenders: Sequence[Contender], environment: dict[str, str], runs: int, say) -> list[list[Series]]:
    """Time each contender in turn: install from nothing, install again, remove (not timed)."""
    contenders[0].clean(environment)
    again: dict[str, list[float]] = {contender.name: [] for contender in contenders}

    def job(contender: Contender):
        def timed() -> float:
            taken = contender.time_install(environment)
            again[contender.name].append(contender.time_install(environment))
            contender.clean(environment)
            return taken

        return timed

    installs = interleave("install", {contender.name: job(contender) for contender in contenders}, runs, say)
    return [installs, [Series("nothing to change", name, values) for name, values in again.items()]]


def _previews(environment: dict[str, str], runs: int, say) -> list[Series]:
    """Time a preview with nothing to change against an empty program's."""
    preview = ["pulumi", "preview", "--stack", STACK, "--non-interactive"]
    empty = CHECKOUT / "lab/bench/empty"
    run(["pulumi", "up", "--stack", STACK, "--yes", "--skip-preview", "--non-interactive"], environment)
    run(["pulumi", "stack", "select", "empty", "--create"], environment, empty)
    contenders = {
        "pulumi preview": lambda: seconds([*preview, "--expect-no-changes"], environment),
        "empty program": lambda: seconds(["pulumi", "preview", "--stack", "empty"], environment, empty),
    }
    return interleave("preview, nothing to change", contenders, runs, say)


if __name__ == "__main__":
    main()
