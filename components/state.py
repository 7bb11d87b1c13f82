"""The stack's own state, as the program may know it: what the backend holds at the start of this run."""

import pulumi

from pi_mesh.cluster.stack_state import StackState, of_resources

READ = "pulumi:pulumi:readStackResourceOutputs"
"""A function of the engine itself (pkg/resource/deploy/builtins.go); unlike a StackReference it is no resource."""
NO_ORGANIZATION = "organization"
"""What Pulumi calls the organization in every backend but Pulumi Cloud; the older ones of these want a bare name."""


def read() -> StackState:
    """Return what the stack's state holds. Raises pulumi.RunError where the backend does not tell."""
    organization, stack = pulumi.get_organization(), pulumi.get_stack()
    name = stack if organization == NO_ORGANIZATION else f"{organization}/{pulumi.get_project()}/{stack}"
    try:
        answer = pulumi.runtime.invoke(READ, {"stackName": name}).value
    except Exception as error:
        raise pulumi.RunError(f"the state of stack {name} can't be read: {error}; nothing was touched") from None
    return of_resources(answer["outputs"].values())
