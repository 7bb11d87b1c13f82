"""The command `python -m lab.bench.crowd`: 2,000 pods on 30 simulated nodes and 1,000 Istio objects.

`up` creates them beside the mesh of the stack lab, `down` removes them, and `measure` times verify, preflight and a
preview without them and with them.
"""

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from rich.console import Console

from lab.bench import crowd_objects, crowd_timing
from lab.bench.crowd_objects import NAMESPACE, Manifest
from lab.cluster import simulated
from lab.cluster.kubectl import kubectl
from lab.cluster.names import CHECKOUT
from lab.cluster.waiting import wait_until

PODS, NODES, OBJECTS = 2000, 30, 1000
BATCH, SENDERS = 250, 3


def up(pods: int = PODS, nodes: int = NODES, objects: int = OBJECTS) -> None:
    """Create the crowd and wait until its pods run."""
    homes = crowd_objects.nodes(nodes)
    simulated.put(*homes)
    _apply(crowd_objects.surroundings())
    everything = chain(crowd_objects.pods(crowd_objects.injected(), pods, homes), crowd_objects.istio_objects(objects))
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(_apply, _batches(list(everything))))
    wait_until("running pods", lambda: _running() == pods, seconds=120)


def down() -> None:
    """Delete the crowd with its nodes."""
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=300s")
    simulated.remove_all()


def measure(checkouts: Sequence[Path], runs: int) -> None:
    """Time each command of each checkout without the crowd and with it, and print the medians."""
    console = Console()
    without = crowd_timing.timed(checkouts, runs, console.print)
    start = time.perf_counter()
    try:
        up()
        console.print(f"the crowd is there after {time.perf_counter() - start:.0f} s")
        console.print(crowd_timing.table(without, crowd_timing.timed(checkouts, runs, console.print)))
    finally:
        down()


def _batches(manifests: Sequence[Manifest]) -> Iterable[Sequence[Manifest]]:
    return (manifests[start : start + BATCH] for start in range(0, len(manifests), BATCH))


def _apply(manifests: Sequence[Manifest]) -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": manifests}
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(items))


def _running() -> int:
    selector = "--field-selector=status.phase=Running"
    return len(kubectl("get", "pods", f"--namespace={NAMESPACE}", selector, "-o", "name").splitlines())


def main() -> None:
    """Create, remove or measure the crowd."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.crowd", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="up|down|measure")
    create = commands.add_parser("up", help="create the crowd")
    for name, default in (("pods", PODS), ("nodes", NODES), ("objects", OBJECTS)):
        create.add_argument(f"--{name}", type=int, default=default)
    create.set_defaults(function=up)
    commands.add_parser("down", help="remove it").set_defaults(function=down)
    timed = commands.add_parser("measure", help="time the commands without it and with it")
    timed.add_argument("--runs", type=int, default=5, help="rounds; the median is quoted")
    timed.add_argument(
        "--checkouts", type=Path, nargs="+", default=[CHECKOUT], help="folders of this project to compare"
    )
    timed.set_defaults(function=measure)
    arguments = vars(parser.parse_args())
    arguments.pop("function")(**arguments)


if __name__ == "__main__":
    main()
