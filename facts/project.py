"""The names by which this project is known, in a stack file and in the cluster."""

PROJECT = "pi-mesh"
"""The Pulumi project, and so the prefix of every key in a stack file."""

OWNER_ANNOTATION = f"{PROJECT}/stack"
"""On namespaces that a stack made; on others, a stack needs `adopt: true`."""


def owner(stack: str) -> str:
    """The value of the annotation for a stack, by its plain or its full name."""
    return f"{PROJECT}/{stack.rpartition('/')[2]}"


PLUGGED_IN_LABEL = f"{PROJECT}/certificate-authority"
"""On the secret `cacerts` that a stack of this project made, and as an annotation on the istiod that reads it."""
