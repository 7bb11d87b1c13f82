"""The stack's own state, as the backend holds it at the start of this run."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from pi_mesh.cluster.stack_state import StackState

READ = "pulumi:pulumi:readStackResourceOutputs"
"""A built-in function of the Pulumi engine (pkg/resource/deploy/builtins.go); unlike StackReference it adds no
resource."""
NO_ORGANIZATION = "organization"
"""Pulumi's name for the organization in every backend except Pulumi Cloud; older backends want the bare stack name."""

BEING_WRITTEN = "failed to load checkpoint"
"""Error of a file backend whose state file the engine is writing at that moment, because it registers the stack."""
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Pauses, in seconds, before a state file that was being written is read again."""


def read() -> "StackState":
    """Return what the stack's state holds. Raises pulumi.RunError if the backend cannot be read."""
    # Imported here, because the first who asks for resources waits for nothing else.
    from pi_mesh.cluster.stack_state import of_resources

    return of_resources({**resource, "urn": urn} for urn, resource in resources().items())


def resources() -> Mapping[str, Any]:
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
