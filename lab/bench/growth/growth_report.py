"""The report of the growth: a page with a table for each dimension."""

from collections.abc import Iterator, Mapping
from math import log

from lab.bench import MEASURED
from lab.bench.growth.bare_program import FLOOR
from lab.bench.growth.dimensions import NODES
from lab.bench.growth.raw_rounds import Section
from lab.bench.growth.tree_memory import LOOK
from lab.bench.rounds import ratio

GROWN = 0.1
"""Seconds of growth from which on it is more than noise."""
AIM, AIM_OF_RATIO = 1.1, 2
HEAD = f"""# Growth

Written by `python -m lab.bench.growth`: what the commands take as routes, pods and nodes become more.
[Every round](growth.json).
{MEASURED}

- Seconds are the median of the rounds; in a round every command runs once, in random order. `pulumi up` has nothing to
  change, and runs without its preview.
- MiB are the most that all processes of the command held at once, in a run that is not timed. They are looked at every
  {LOOK * 1000:.0f} ms, and memory that several processes share is counted once (proportional set size).
- The exponent compares the two largest sizes, by the seconds that a command takes there beyond those at 0. With an
  exponent of 1, ten times the number adds ten times the seconds; the aim is at most {AIM}. "none" means less than
  {GROWN} s of growth at the largest size. "over" is a lower bound: less than {GROWN} s was added at the smaller size.

![The same figures drawn](growth.svg)
"""
TEXTS = {
    "routes": """## Routes and policies

A size is a number of `traffic.routes` in the mesh and as many `traffic.authorization.policies` of the trading
namespace, so 1,000 are 2,000 objects. Each is written in few words, because Pulumi takes no longer settings
([limits.md](limits.md)). The floor is a Pulumi program that registers the same objects by the SDK's class and does
nothing else: what it takes is the engine's own share.""",
    "pods": f"""## Pods

The pods have sidecars and are in another namespace than trading, on {NODES} simulated nodes, which are there at 0 too.
Every command reads all pods of the cluster, because they take room from the mesh. No two of these pods have a
controller in common, so that verify asks istiod about each one; about the pods of a ReplicaSet it asks once.""",
    "nodes": """## Nodes

The nodes are simulated and without pods, and stand beside the three of the local cluster. Every command reads them
for their room; preflight, preview and up also for their kernels and processors.""",
}
"""Headings, and sentences about what a size is."""


def page(sections: Mapping[str, Section]) -> str:
    """Return the text of docs/growth.md."""
    parts = [line for name in TEXTS if name in sections for line in _part(name, sections[name])]
    return "\n".join([HEAD, *parts])


def exponent(seconds: Mapping[int, float]) -> str:
    """Return by which power of the size the seconds beyond those at 0 grow, between the two largest sizes."""
    *_, before, last = (0, 0, *sorted(seconds))
    growth = seconds[last] - seconds[0]
    if before == 0 or growth < GROWN:
        return "none"
    earlier = seconds[before] - seconds[0]
    power = log(growth / max(earlier, GROWN)) / log(last / before)
    return f"{power:.2f}" if earlier >= GROWN else f"over {power:.2f}"


def ratios(section: Section) -> dict[str, dict[int, float]]:
    """Return, for each command that has a floor, the median of the rounds' ratios to it by size."""
    floors = {name.removeprefix(FLOOR): name for name in section.commands if name.startswith(FLOOR)}
    return {
        name: {size: ratio(ours, section.of(floor)[size]) for size, ours in section.of(name).items()}
        for name, floor in floors.items()
    }


def _part(name: str, section: Section) -> Iterator[str]:
    yield TEXTS[name]
    yield f"Measured on {section.day}: {section.rounds} round{'s' * (section.rounds > 1)}, on {section.machine}."
    yield ""
    sizes = [f"{size:,}" for size in section.sizes]
    yield from _table(
        ["command", *(f"s at {size}" for size in sizes), "exponent", *(f"MiB at {size}" for size in sizes)],
        [[command, *_cells(section, command)] for command in section.commands],
    )
    yield ""
    if found := ratios(section):
        yield f"Seconds of this program by the floor's of the same round; the aim is at most {AIM_OF_RATIO} at 1,000."
        yield ""
        rows = [[command, *(f"{value:.2f}" for value in by_size.values())] for command, by_size in found.items()]
        yield from _table(["this program / floor", *sizes], rows)
        yield ""


def _cells(section: Section, command: str) -> Iterator[str]:
    figures = section.of(command)
    medians = {size: one.median for size, one in figures.items()}
    yield from (f"{value:.2f}" for value in medians.values())
    yield exponent(medians)
    yield from (f"{one.mebibytes:.0f}" for one in figures.values())


def _table(heads: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
