"""The table of docs/figures/live.md: a row for each test on the local cluster, with the figure it saw and the day."""

import re
from datetime import date
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "docs" / "figures" / "live.md"
HEAD = """# Seen on the local cluster

Each row is a test in `tests/live` that saw this figure on that day. `pytest tests/live --figures` writes the rows of
the tests that ran, and keeps the others. The local cluster runs the real istiod, API server and kubelets, and
upstream's Envoy in place of Istio's proxy; [limits.md](../limits.md) says what that leaves unproven.

Istio is 1.31.0. An upgrade starts from another real control plane, built from its own module with its own charts:
1.27.9, or 1.30, which is the commit b01690e6db7d of Istio's main branch, ten days after 1.30 branched off. The Envoy
beside all of them is 1.40.0. No row was seen with 1.20.3, which `Pulumi.pi-cluster.yaml` pins: the lab has no
binaries of that version.

[footprint.md](footprint.md) has the mesh's use of the Pis; [latency.md](latency.md) has the time that the mesh adds
to a request.
"""
TABLE = "| What | Seen | On |\n|---|---|---|\n"
Rows = dict[str, tuple[str, str]]
"""A test's title -> the figure, and the day."""


def record(section: str, what: str, figure: str, file: Path = FILE) -> None:
    """Write one row with today's date."""
    sections = read(file)
    sections.setdefault(section, {})[what] = (figure, date.today().isoformat())
    file.write_text(HEAD + "".join(_section(name, rows) for name, rows in sorted(sections.items())))


def read(file: Path) -> dict[str, Rows]:
    """Return section -> its rows, as in the file."""
    sections: dict[str, Rows] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        if heading := re.match(r"## (.+)", line):
            sections[heading[1]] = {}
        elif sections and (row := re.match(r"\| (.+?) \| (.+) \| (\d{4}-\d\d-\d\d) \|$", line)):
            list(sections.values())[-1][row[1]] = (row[2], row[3])
    return sections


def sentence(test: str) -> str:
    """Return the sentence for a test's name: "A b: c d" for `test_a_b[c d]`."""
    name, _, case = test.removeprefix("test_").partition("[")
    words = name.replace("_", " ").capitalize()
    return f"{words}: {case.rstrip(']')}" if case else words


def _section(name: str, rows: Rows) -> str:
    lines = (f"| {what} | {figure} | {day} |\n" for what, (figure, day) in sorted(rows.items()))
    return f"\n## {name}\n\n{TABLE}{''.join(lines)}"
