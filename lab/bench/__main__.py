"""The command `make bench`: time install, nothing to change and preview against the tools a user would use instead."""

import argparse
import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from lab.bench import comparison_report, plots
from lab.bench.contenders import STACK, Contender, helm, istioctl, pulumi
from lab.bench.rounds import Series, interleave
from lab.bench.timed_command import lab_environment, run, seconds
from lab.cluster.names import CHECKOUT
from pi_mesh.settings.stack_file import load_file


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m lab.bench", description=__doc__)
    arguments.add_argument("--runs", type=int, default=5, help="rounds; the median is quoted")
    runs = arguments.parse_args().runs
    console = Console()
    environment = lab_environment()
    os.environ.update(environment)
    run(["pulumi", "stack", "select", STACK, "--create"], environment)
    settings = load_file(CHECKOUT / f"Pulumi.{STACK}.yaml")
    with tempfile.TemporaryDirectory() as folder:
        contenders = [pulumi(settings), helm(settings, Path(folder)), istioctl(settings, Path(folder))]
        groups = [*_installs(contenders, environment, runs, console.print), _previews(environment, runs, console.print)]
    console.print(comparison_report.table(groups))
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    page = comparison_report.page(groups, runs, machine)
    (CHECKOUT / "docs/bench.md").write_text(page)
    (CHECKOUT / "docs/bench.svg").write_text(plots.comparison(page))


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
    up = ["pulumi", "up", "--stack", STACK, "--yes", "--skip-preview", "--non-interactive"]
    preview = ["pulumi", "preview", "--stack", STACK, "--non-interactive"]
    empty = CHECKOUT / "lab/bench/empty"
    run(up, environment)
    run(["pulumi", "stack", "select", "empty", "--create"], environment, empty)
    contenders = {
        "pulumi preview": lambda: seconds([*preview, "--expect-no-changes"], environment),
        "empty program": lambda: seconds(["pulumi", "preview", "--stack", "empty"], environment, empty),
    }
    return interleave("preview, nothing to change", contenders, runs, say)


if __name__ == "__main__":
    main()
