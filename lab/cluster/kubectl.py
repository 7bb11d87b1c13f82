"""kubectl against the lab and against no other cluster."""

import base64
import json
import os
import subprocess
from typing import Any

from lab.cluster.binaries import program
from lab.cluster.environment import variables
from lab.cluster.names import AUTHORITY, CONTEXT, KUBECONFIG, certificate_file
from lab.cluster.shell import LabError, run


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """Run kubectl and return its output. Raises LabError when it fails, or when the kubeconfig is not the lab's own."""
    refuse_other_clusters()
    command = (str(program("kubectl")), f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}", *arguments)
    return run(*command, stdin=stdin, env={**os.environ, **variables()})


def get(*arguments: str) -> Any:
    """Return the parsed output of `kubectl get ... -o json`."""
    return json.loads(kubectl("get", *arguments, "-o", "json"))


def watched_line(*arguments: str, seconds: int) -> str:
    """Return the first line of `kubectl get ... --watch`; empty where none comes in that time."""
    refuse_other_clusters()
    where = (f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}", f"--request-timeout={seconds}s")
    command = (str(program("kubectl")), *where, "get", "--watch", *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables()}) as watch:
        assert watch.stdout is not None
        line = watch.stdout.readline()
        watch.kill()
    return line


def staying_pods(namespace: str, selector: str = "") -> list[dict[str, Any]]:
    """Return the pods that are not being deleted: an old gateway serves on for a while beside its successor."""
    pods = get("pods", f"--namespace={namespace}", f"--selector={selector}")["items"]
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def refuse_other_clusters() -> None:
    """Raise LabError unless the lab's kubeconfig leads to 127.0.0.1 and trusts the lab's authority alone."""
    if not KUBECONFIG.exists():
        raise LabError(f"{KUBECONFIG}: does not exist; start the local cluster first: make lab-up")
    clusters = json.loads(KUBECONFIG.read_text())["clusters"]
    authority = base64.b64encode(certificate_file(AUTHORITY).read_bytes()).decode()
    for entry in clusters:
        cluster = entry["cluster"]
        local = cluster["server"].startswith("https://127.0.0.1:")
        if not local or cluster.get("certificate-authority-data") != authority:
            raise LabError(f"{KUBECONFIG}: {cluster['server']} is not the local cluster; the lab touches no other")
