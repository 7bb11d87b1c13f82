"""HTTP requests that fortio sends from a workload's pod."""

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from lab.cluster.binaries import program
from lab.cluster.kubectl import refuse_other_clusters
from lab.cluster.names import CONTEXT, KUBECONFIG
from lab.workloads import SELF, Workload
from pi_mesh.waiting import until

T = TypeVar("T")

OWN = "http://localhost:8080"
"""URL of fortio in the same pod, which no sidecar stands before."""
REFUSED = 0
"""Stands in place of a status when there was no answer."""
COMMAND_FAILED = "command terminated with exit code"
"""Text in kubectl's error when the command in the pod failed and not kubectl itself."""


@dataclass(frozen=True)
class Answer:
    """The answer to a request; `status` is REFUSED where the connection broke or was never made."""

    status: int
    body: str


def command(workload: Workload, *arguments: str) -> list[str]:
    """Return the command line that runs fortio in the workload's pod."""
    return in_pod(workload, SELF, "fortio", *arguments)


def in_pod(workload: Workload, container: str, *arguments: str, options: tuple[str, ...] = ()) -> list[str]:
    """Return the command line that runs a program in a container of the workload's pod.

    `options` are kubectl's, such as `-i` for a standard input. Raises LabError for another cluster than the lab's.
    """
    refuse_other_clusters()
    where = (f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}", f"--namespace={workload.namespace}")
    pod = (f"deployment/{workload.name}", f"--container={container}")
    return [str(program("kubectl")), *where, "exec", *options, *pod, "--", *arguments]


def call(client: Workload, url: str, *headers: str) -> Answer:
    """Send one GET, with these further headers, and return its answer. Raises RuntimeError if it was not sent."""
    done = subprocess.run(
        command(client, "curl", "-quiet", "-timeout=10s", *(f"-H={header}" for header in headers), url),
        capture_output=True,
        text=True,
        check=False,
    )
    # fortio writes the headers of an answer to stderr, unless it takes the answer for a failure.
    if found := re.search(r"^HTTP/\S+ (\d{3})", done.stderr + done.stdout, re.MULTILINE):
        return Answer(int(found[1]), done.stdout)
    if COMMAND_FAILED not in done.stderr:
        raise RuntimeError(f"no request from {client.name}: {done.stderr.strip()}")
    return Answer(REFUSED, done.stderr)


def status(client: Workload, url: str) -> int:
    """Send one GET and return its status alone."""
    return call(client, url).status


def statuses(client: Workload, url: str, count: int, connections: int = 4, payload: str = "") -> dict[int, int]:
    """Send `count` requests as fast as possible and return how many got each status; -1 is a broken connection.

    With a payload they are POSTs.
    """
    load = ("load", "-quiet", "-qps=0", f"-c={connections}", f"-n={count}", "-timeout=10s", "-allow-initial-errors")
    done = subprocess.run(
        command(client, *load, f"-payload={payload}", "-json=-", url), capture_output=True, text=True, check=True
    )
    return {int(code): number for code, number in json.loads(done.stdout)["RetCodes"].items()}


def answer_from_now_on(server: Workload, parameters: str) -> None:
    """Change what a running server answers (fortio's echo parameters; they can't be empty again)."""
    change = f"/fortio/flags/set?name=echo-server-default-params&value={quote(parameters)}"
    assert call(server, OWN + change).status == 200


def settled(read: Callable[[], T], expected: T, seconds: float = 60) -> T:
    """Call `read` until it returns what is expected, for at most `seconds`; return what it gave last."""
    return until(read, seconds, pause=0.3, done=lambda answer: answer == expected)
