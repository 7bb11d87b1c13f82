"""The first requests to the engine: its version, and the state of the stack."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import yaml

if TYPE_CHECKING:
    from pi_mesh.cluster.stack_state import StackState


PROJECT_FILE = Path(__file__).resolve().parents[1] / "Pulumi.yaml"
INSTALL = "https://www.pulumi.com/docs/install/"


def require_version() -> None:
    """Raise RunError, with what to do, unless the engine is of the version that Pulumi.yaml requires, if any."""
    required = yaml.safe_load(PROJECT_FILE.read_text()).get("requiredPulumiVersion")
    try:
        if required:
            pulumi.require_pulumi_version(required)
    except Exception as problem:
        raise pulumi.RunError(
            f"this program needs the command pulumi {required}: {problem}; nothing was touched, install it: {INSTALL}"
        ) from None


READ = "pulumi:pulumi:readStackResourceOutputs"
"""A built-in function of the engine (pkg/resource/deploy/builtins.go); unlike StackReference it adds no resource."""
NO_ORGANIZATION = "organization"
"""Pulumi's name for the organization in every backend except Pulumi Cloud; older backends want the bare stack name."""

BEING_WRITTEN = "failed to load checkpoint"
"""Error of a file backend whose state file the engine is writing at that moment, because it registers the stack."""
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Pauses, in seconds, before a state file that was being written is read again."""


def recorded_state() -> "StackState":
    """Return what the stack's state holds. Raises pulumi.RunError if the backend cannot be read."""
    # Imported here, because the first who asks for resources waits for nothing else.
    from pi_mesh.cluster.stack_state import of_resources

    return of_resources({**resource, "urn": urn} for urn, resource in recorded_resources().items())


def recorded_resources() -> Mapping[str, Any]:
    """Return the resources of the stack's state by their URNs, each with `type` and `outputs`. Raises as `read`."""
    organization, stack = pulumi.get_organization(), pulumi.get_stack()
    name = stack if organization == NO_ORGANIZATION else f"{organization}/{pulumi.get_project()}/{stack}"
    return _resources(name, PAUSES)


def _resources(name: str, pauses: Sequence[float]) -> Mapping[str, Any]:
    try:
        return pulumi.runtime.invoke(READ, {"stackName": name}).value["outputs"]
    except Exception as error:
        if not pauses or BEING_WRITTEN not in str(error):
            raise pulumi.RunError(f"the state of stack {name} can't be read: {error}; nothing was touched") from None
    time.sleep(pauses[0])
    return _resources(name, pauses[1:])
