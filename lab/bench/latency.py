"""The command `python -m lab.bench.latency`: the time that the mesh adds to a request between two pods.

Needs the mesh of the stack lab. The same pods on the same nodes are measured with sidecars and without, in turn, so
that a change of the machine's speed meets both.
"""

import argparse
import json
import os
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from rich.console import Console

from lab.bench import MEASURED
from lab.calls import command
from lab.cluster.names import CHECKOUT
from lab.workloads import TRADING, Workload, apply, delete, manifests, namespace, service, wait_for

PLAIN = "latency-plain"
FROM, TO = ({"nodeSelector": {"kubernetes.io/hostname": name}} for name in ("pi-1", "pi-2"))
CLIENTS = {
    "with sidecars": Workload("latency-client", place=FROM),
    "without": Workload("latency-client", PLAIN, sidecar=False, place=FROM),
}
SERVERS = {
    "with sidecars": Workload("latency-server", labels={"app": "latency"}, place=TO),
    "without": Workload("latency-server", PLAIN, {"app": "latency"}, sidecar=False, place=TO),
}
PER_SECOND, CONNECTIONS = 50, 4
PERCENTILES = (50, 99)
HEAD = """# What the mesh adds to a request

Written by `python -m lab.bench.latency` on {day}: {rounds} rounds of {seconds} s, {rate} requests a second over
{connections} connections between the same two nodes, with and without sidecars in turn. Milliseconds; medians of the
rounds, the least and the most of them in parentheses. The sidecars have the Ansible role's limit of 200m CPU. Machine:
{cores} cores, a load of {load:.0f} (five minutes' average; above its cores, p99 is mostly the wait for one).
{istio}

Envoy here is upstream's build, without Istio's own filters: Istio's proxy takes more ([limits.md](../limits.md)).

| | {columns} |
|---|{rules}
"""


def milliseconds(client: Workload, seconds: int) -> dict[int, float]:
    """Return percentile -> milliseconds of a request. Raises AssertionError when any request fails."""
    wanted = ",".join(map(str, PERCENTILES))
    flags = (f"-qps={PER_SECOND}", f"-c={CONNECTIONS}", f"-t={seconds}s", f"-p={wanted}", "-r=0.00001", "-quiet")
    url = f"http://latency-server.{client.namespace}"
    done = subprocess.run(command(client, "load", *flags, "-json=-", url), capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert result["RetCodes"].keys() == {"200"}, f"{client.namespace}: {result['RetCodes']}"
    return {int(one["Percentile"]): one["Value"] * 1000 for one in result["DurationHistogram"]["Percentiles"]}


@contextmanager
def _pods() -> Iterator[None]:
    objects = [namespace(PLAIN)]
    objects += [service("latency-server", {"app": "latency"}, where, http=8080) for where in (TRADING, PLAIN)]
    both = (*CLIENTS.values(), *SERVERS.values())
    objects += [manifest for workload in both for manifest in manifests(workload)]
    apply(objects)
    try:
        wait_for(*both)
        yield
    finally:
        delete(objects)


def measure(rounds: int, seconds: int, say) -> dict[str, list[dict[int, float]]]:
    """Return, with and without sidecars, the percentiles of each round in milliseconds."""
    found: dict[str, list[dict[int, float]]] = {name: [] for name in CLIENTS}
    with _pods():
        for client in CLIENTS.values():
            milliseconds(client, 2)  # connections and certificates are made
        for number in range(1, rounds + 1):
            for name, client in CLIENTS.items():
                found[name].append(milliseconds(client, seconds))
                say(f"round {number} of {rounds}, {name}: {found[name][-1]}")
    return found


def page(found: dict[str, list[dict[int, float]]], rounds: int, seconds: int) -> str:
    """Return the text of docs/figures/latency.md."""
    columns = " | ".join(f"p{one}" for one in PERCENTILES)
    numbers = {"rounds": rounds, "seconds": seconds, "rate": PER_SECOND, "connections": CONNECTIONS}
    machine = {"cores": os.cpu_count(), "load": os.getloadavg()[1]}
    head = HEAD.format(
        day=date.today(), istio=MEASURED, columns=columns, rules="---|" * len(PERCENTILES), **numbers, **machine
    )
    rows = [f"| {name} | {' | '.join(_cell(values, p) for p in PERCENTILES)} |" for name, values in found.items()]
    added = " | ".join(f"{added_by_the_mesh(found, p):.2f}" for p in PERCENTILES)
    return "\n".join((head.rstrip(), *rows, f"| added (median of the rounds' differences) | {added} |", ""))


def added_by_the_mesh(found: dict[str, list[dict[int, float]]], percentile: int) -> float:
    """Return the median of the differences, round by round, in milliseconds."""
    pairs = zip(*found.values(), strict=True)
    return statistics.median(meshed[percentile] - plain[percentile] for meshed, plain in pairs)


def _cell(values: list[dict[int, float]], percentile: int) -> str:
    series = [one[percentile] for one in values]
    return f"{statistics.median(series):.2f} ({min(series):.2f} to {max(series):.2f})"


def main() -> None:
    """Measure and write docs/figures/latency.md."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.latency", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=10, help="of each measurement")
    parser.add_argument("--into", type=Path, default=CHECKOUT / "docs" / "figures", help="folder for latency.md")
    arguments = parser.parse_args()
    found = measure(arguments.rounds, arguments.seconds, Console().print)
    (arguments.into / "latency.md").write_text(page(found, arguments.rounds, arguments.seconds))


if __name__ == "__main__":
    main()
