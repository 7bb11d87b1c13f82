"""The lab's helm, as a user would run it on the mesh."""

import os

from lab.cluster.environment import search_path, variables
from lab.cluster.shell import run

NAMESPACE = "istio-system"


def helm(*arguments: str, stdin: str | None = None) -> str:
    """Run helm on the lab, in the mesh's namespace unless told another, and return what it prints.

    Raises LabError when it fails.
    """
    environment = {**os.environ, **variables(), "PATH": f"{search_path()}:{os.environ['PATH']}"}
    return run("helm", f"--namespace={NAMESPACE}", *arguments, stdin=stdin, env=environment)
