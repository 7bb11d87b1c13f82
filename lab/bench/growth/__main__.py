"""The command `python -m lab.bench.growth`: time and memory of the commands by the number of routes, pods and nodes.

Needs the local cluster. The stack lab is brought to its own settings before and after each dimension.
"""

import argparse
import os
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console

from lab.bench.comparison_report import explanation
from lab.bench.growth import curves, growth_report, raw_rounds
from lab.bench.growth.dimensions import DIMENSIONS, SIZES
from lab.bench.growth.raw_rounds import Section
from lab.bench.timed_command import lab_environment, run
from lab.cluster.names import CHECKOUT
from lab.dead_run import STACK


def main() -> None:
    """Measure the dimensions and write the page."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.growth", description=__doc__)
    parser.add_argument("--dimensions", nargs="+", choices=[*DIMENSIONS], default=[*DIMENSIONS], help="only these")
    parser.add_argument("--sizes", type=int, nargs="+", help="in place of the dimensions' own; 0 is always measured")
    parser.add_argument("--runs", type=int, default=3, help="rounds; the median is quoted")
    parser.add_argument("--into", type=Path, default=CHECKOUT / "docs", help="folder of the page")
    measure(**vars(parser.parse_args()))


def measure(dimensions: Sequence[str], sizes: Sequence[int] | None, runs: int, into: Path) -> None:
    """Measure each dimension and write the page anew after it; the others keep the figures that they have."""
    console, environment = Console(), lab_environment()
    run(["pulumi", "stack", "select", STACK, "--create"], environment)
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    for name in dimensions:
        grown = sorted({0, *(sizes or SIZES[name])})
        figures = DIMENSIONS[name](grown, environment, runs, console.print)
        write(into, name, Section(str(date.today()), machine, figures))
    console.print(f"{into / 'growth.md'} is written")


def write(into: Path, dimension: str, section: Section) -> None:
    """Put the figures of a dimension into the page, its plot and its raw file."""
    file = into / "growth.json"
    sections = {**raw_rounds.read(file), dimension: section}
    page = growth_report.page(sections)
    file.write_text(raw_rounds.text(sections))
    (into / "growth.md").write_text(page + explanation(into / "growth.md"))
    (into / "growth.svg").write_text(curves.growth(page))


if __name__ == "__main__":
    main()
