"""The command `python -m lab.bench trace`: draw one `up` of the stack lab on an empty cluster, and one preview."""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

import psutil
from rich.console import Console

from lab.bench.contenders import pulumi
from lab.bench.other_settings import SHIPPED
from lab.bench.timed_command import begun, lab_environment, run
from lab.bench.timeline import drawing, otlp, processes
from lab.bench.timeline.pods import Pods
from lab.bench.timeline.spans import Span
from lab.cluster.names import CHECKOUT, CONTEXT
from lab.dead_run import STACK
from pi_mesh.settings.stack_file import load_file

COMMANDS = {
    "up": ("pulumi", "up", "--stack", STACK, "--yes", "--skip-preview", "--non-interactive"),
    "preview": ("pulumi", "preview", "--stack", STACK, "--non-interactive"),
}


def trace(command: tuple[str, ...], environment: dict[str, str]) -> list[Span]:
    """Run the command and return its spans. Raises SystemExit when it fails."""
    with tempfile.TemporaryDirectory() as folder, Pods(CONTEXT) as pods:
        file = Path(folder) / "spans.json"
        traced = [*command, "--otel-traces", f"file://{file}"]
        with begun(traced, environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as started:
            seen = processes.watch(psutil.Process(started.pid))
        if started.returncode != 0:
            raise SystemExit(f"timeline: `{' '.join(command)}` failed with status {started.returncode}")
        return [*seen, *otlp.read(file), *pods.spans()]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("command", nargs="*", choices=[[], *COMMANDS], help="only these; `up` removes the mesh first")
    parser.add_argument("--into", type=Path, default=CHECKOUT / "docs", help="folder of the drawings")
    parser.add_argument("--raw", type=Path, help="folder for the spans as JSON, which ui.perfetto.dev shows")


def draw(command: list[str], into: Path, raw: Path | None) -> None:
    """Trace the commands and write a drawing of each, and its spans if asked to."""
    console, environment = Console(), lab_environment()
    os.environ.update(environment)
    run(["pulumi", "stack", "select", STACK, "--create"], environment)
    for name in command or COMMANDS:
        if name == "up":
            pulumi(load_file(SHIPPED)).clean(environment)
        spans = trace(COMMANDS[name], environment)
        drawing.draw(spans, f"pulumi {name} of the stack {STACK}", into / f"timeline-{name}.svg")
        if raw:
            (raw / f"timeline-{name}.json").write_text(drawing.chrome(spans))
        console.print(f"timeline-{name}.svg: {len(spans)} spans")
