"""The lab's helm, as a user would run it on the mesh."""

import os

from lab.cluster.environment import search_path, variables
from lab.cluster.shell import run

NAMESPACE = "istio-system"


def helm(*arguments: str, stdin: str | None = None) -> str:
    """Run helm on the lab, in the mesh's namespace, and return what it prints. Raises LabError when it fails."""
    environment = {**os.environ, **variables(), "PATH": f"{search_path()}:{os.environ['PATH']}"}
    return run("helm", *arguments, f"--namespace={NAMESPACE}", stdin=stdin, env=environment)
