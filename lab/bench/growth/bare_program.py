"""The floor: a Pulumi program that registers the same objects by the SDK's class and does nothing else.

What it takes is the engine's own share. Its objects have a namespace of their own and change nothing there.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lab.bench.growth.measurement import Job
from lab.bench.growth.stack_commands import pulumi_jobs
from lab.bench.other_settings import AT_ONCE, up
from lab.bench.timed_command import run
from lab.cluster.kubectl import kubectl
from lab.cluster.names import CHECKOUT
from lab.workloads import apply, namespace
from pi_mesh import inventory
from pi_mesh.inventory.managed_object import ManagedObject
from pi_mesh.settings import Settings
from pi_mesh.values.objects import Object

HOME = CHECKOUT / "lab/bench/resources"
STACK = "resources"
NAMESPACE = "growth-floor"
FLOOR = "floor: "
"""Beginning of the names of its commands."""
HARMLESS: Mapping[str, Object] = {
    "VirtualService": {"exportTo": ["."]},
    "AuthorizationPolicy": {"selector": {"matchLabels": {"app": "nobody"}}},
}
"""The kinds of its objects, each with what keeps the object from having an effect."""


def same_objects(settings: Settings) -> list[Object]:
    """Return the routes and policies of the settings, without effect and in the floor's namespace."""
    return [_harmless(item) for item in inventory.mesh_inventory(settings).objects if item.kind in HARMLESS]


@contextmanager
def applied(objects: Sequence[Object], environment: Mapping[str, str]) -> Iterator[dict[str, Job]]:
    """Apply the program, give its commands, and remove its objects and its stack."""
    with ExitStack() as cleaning:
        file = Path(cleaning.enter_context(tempfile.TemporaryDirectory())) / "resources.json"
        file.write_text(json.dumps(objects))
        variables = {**environment, "RESOURCES": str(file)}
        # Deleted with their namespace the objects go in seconds; Pulumi deletes one by one.
        cleaning.callback(kubectl, "delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=600s")
        apply([namespace(NAMESPACE)])
        cleaning.callback(_forget, variables)
        run(["pulumi", "stack", "select", STACK, "--create"], variables, HOME)
        up({**variables, **AT_ONCE}, HOME, STACK, "--refresh")
        yield pulumi_jobs(STACK, variables, HOME, FLOOR)


def _harmless(item: ManagedObject) -> Object:
    spec = item.manifest["spec"]
    assert isinstance(spec, dict)
    metadata = {"name": item.name, "namespace": NAMESPACE}
    return {**item.manifest, "metadata": metadata, "spec": {**spec, **HARMLESS[item.kind]}}


def _forget(environment: Mapping[str, str]) -> None:
    """Remove the stack; an interrupted run may have left its lock."""
    run(["pulumi", "cancel", "--stack", STACK, "--yes"], environment, HOME)
    run(["pulumi", "stack", "rm", STACK, "--force", "--yes"], environment, HOME)
