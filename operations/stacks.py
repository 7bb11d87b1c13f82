"""The settings of a stack outside the program: for the operations, and for pull requests."""

import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from operations import pulumi
from pi_mesh.cluster import identity, snapshot
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState, of_resources
from pi_mesh.settings import CaSettings, Settings, parse, parse_any, stack_file
from pi_mesh.settings.pulumi_config import plain_values


def load(stack: str) -> Settings:
    """Return the settings as Pulumi has them. Needs the backend but no passphrase: secrets stay encrypted.

    Raises SettingsError with every problem at once, and PulumiFailed where Pulumi cannot read the stack.
    """
    return parse(_values(stack))


def load_with_state(stack: str) -> tuple[Settings, Callable[[], StackState]]:
    """Return the settings, and a function that waits for the state: Pulumi reads it while the caller goes on."""
    exported = ThreadPoolExecutor().submit(pulumi.export, stack)
    return load(stack), lambda: of_export(exported.result())


def load_with_cluster(stack: str) -> tuple[Settings, Snapshot]:
    """Return the settings and the snapshot of the stack's own cluster. Raises as `load` and `snapshot.read` do."""
    settings, exported = load_with_state(stack)
    cluster = snapshot.read(settings.cluster.context)
    identity.require(settings.cluster, exported().cluster_uid, cluster.uid)
    return settings, cluster


def of_file(path: Path) -> tuple[Settings, Callable[[], StackState]]:
    """Return a stack file's settings, and a function that returns no state: for a machine without Pulumi."""
    return stack_file.load_file(path), lambda: NEVER_RUN


def load_changed(stack: str, changes: Mapping[str, object]) -> Settings:
    """Return the settings with other values, by path: `{"releases.names.base": "mesh-base", 'a["b.c/d"]': "e"}`."""
    values = json.loads(json.dumps(_values(stack), default=str))
    for path, value in changes.items():
        *branches, leaf = [quoted or plain for quoted, plain in re.findall(r'\["(.+?)"\]|([^.\[]+)', path)]
        place = values
        for branch in branches:
            place = place.setdefault(branch, {})
        place[leaf] = value
    return parse(values)


def load_of_version(stack: str, version: str | None) -> Settings:
    """Return the settings, or those with another version of Istio, of which no digest is known. Raises as `load`."""
    return load_changed(stack, {"istio.version": version, "images.digests": {}}) if version else load(stack)


def of_export(state: dict) -> StackState:
    """Return the content of a state, as `pulumi stack export` has it."""
    return of_resources((state["deployment"] or {}).get("resources") or [])


def load_any(stack: str) -> Settings | CaSettings:
    """Return the settings of a stack, also of one that makes the mesh's CA and nothing else. Raises as `load` does."""
    return parse_any(_values(stack))


def _values(stack: str) -> dict[str, object]:
    """Return the plain values by first-level key."""
    entries = pulumi.config(stack)
    return plain_values(
        {key: entry.get("objectValue", entry.get("value")) for key, entry in entries.items()},
        [key for key, entry in entries.items() if entry.get("secret")],
    )
