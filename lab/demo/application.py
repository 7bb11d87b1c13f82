"""The demo's application: docs/demo.yaml on the local cluster, and the requests through the ingress gateway."""

import http.client
import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import yaml

from lab import summary
from lab.cluster.kubectl import kubectl
from lab.cluster.names import CHECKOUT
from lab.cluster.shell import LabError, print_progress
from lab.cluster.waiting import wait_until
from lab.toolchain.images import FORTIO
from lab.workloads import CONTROL, SELF

FILE = CHECKOUT / "docs" / "demo.yaml"
HOST = "demo.example"
INSIDE, OUTSIDE = "demo", "demo-outside"
READY_SECONDS = 180


@dataclass(frozen=True)
class Answer:
    """The answer to a request through the ingress gateway."""

    status: int
    version: str
    """The version of the workload that answered."""


def objects() -> list[dict]:
    """Return the objects of docs/demo.yaml with the image that the local cluster has in place of the public one."""
    made = [item for item in yaml.safe_load_all(FILE.read_text()) if item]
    for deployment in deployments(made):
        for container in deployment["spec"]["template"]["spec"]["containers"]:
            container["image"] = FORTIO
    return made


def deployments(made: Iterable[dict]) -> list[dict]:
    return [item for item in made if item["kind"] == "Deployment"]


def start() -> str:
    """Start the application and return the URL on 127.0.0.1 that leads to it. Raises LabError without a mesh."""
    url = summary.ingress_url()
    if not url:
        raise LabError(f"there is no ingress gateway in {CONTROL}: run `make up` first")
    print_progress(f"kubectl apply -f {FILE.relative_to(CHECKOUT)}")
    made = objects()
    kubectl("apply", "-f", "-", stdin=_list(made))
    for item in deployments(made):
        meta = item["metadata"]
        timeout = f"--timeout={READY_SECONDS}s"
        kubectl("rollout", "status", timeout, "-n", meta["namespace"], f"deployment/{meta['name']}")
    wait_until("the demo behind the ingress gateway", lambda: ask(url, "GET", "/prices").status == http.client.OK, 60)
    return url


def remove() -> None:
    """Delete the application and wait until it is gone."""
    kubectl("delete", "--ignore-not-found", "-f", "-", stdin=_list(objects()))
    print_progress("the demo is removed")


def ask(url: str, method: str, path: str, body: str | None = None) -> Answer:
    """Send one request through the ingress gateway."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, path, body, {"Host": HOST})
        response = connection.getresponse()
        response.read()
    except OSError:
        return Answer(0, "")
    finally:
        connection.close()
    return Answer(response.status, response.headers.get("x-version", ""))


def arrived(*workloads: str) -> list[tuple[str, str]]:
    """Return method and path of each request that arrived at the workloads, by their logs."""
    lines = "".join(kubectl("logs", f"deployment/{name}", "-n", INSIDE, "-c", SELF) for name in workloads)
    entries = [json.loads(line) for line in lines.splitlines() if '"msg":"Echo"' in line]
    return [(entry["method"], entry["url"]) for entry in entries]


def _list(made: list[dict]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
