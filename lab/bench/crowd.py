"""The command `python -m lab.bench.crowd`: 2,000 pods on 30 simulated nodes and 1,000 Istio objects.

`up` creates them beside the mesh of the stack lab, and `down` removes them.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice

from lab.bench import crowd_objects
from lab.bench.crowd_objects import NAMESPACE, Manifest
from lab.cluster import simulated
from lab.cluster.kubectl import kubectl
from lab.cluster.waiting import wait_until

PODS, NODES, OBJECTS = 2000, 30, 1000
BATCH, SENDERS = 250, 3


def up(pods: int = PODS, nodes: int = NODES, objects: int = OBJECTS) -> None:
    """Create what the crowd still lacks, and wait until its pods run: pods that exist can't be applied again."""
    homes = crowd_objects.nodes(nodes)
    simulated.put(*homes)
    _apply(crowd_objects.surroundings())
    exist, wanted = _running(), crowd_objects.pods(crowd_objects.injected(), pods, homes)
    everything = chain(islice(wanted, exist, None), crowd_objects.istio_objects(objects))
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(_apply, _batches(list(everything))))
    wait_until("running pods", lambda: _running() == pods, seconds=120)


def down() -> None:
    """Delete the crowd with its nodes."""
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=300s")
    simulated.remove_all()


def _batches(manifests: Sequence[Manifest]) -> Iterable[Sequence[Manifest]]:
    return (manifests[start : start + BATCH] for start in range(0, len(manifests), BATCH))


def _apply(manifests: Sequence[Manifest]) -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": manifests}
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(items))


def _running() -> int:
    selector = "--field-selector=status.phase=Running"
    return len(kubectl("get", "pods", f"--namespace={NAMESPACE}", selector, "-o", "name").splitlines())


def main() -> None:
    """Create or remove the crowd."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.crowd", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="up|down")
    create = commands.add_parser("up", help="create the crowd")
    for name, default in (("pods", PODS), ("nodes", NODES), ("objects", OBJECTS)):
        create.add_argument(f"--{name}", type=int, default=default)
    create.set_defaults(function=up)
    commands.add_parser("down", help="remove it").set_defaults(function=down)
    arguments = vars(parser.parse_args())
    arguments.pop("function")(**arguments)


if __name__ == "__main__":
    main()
