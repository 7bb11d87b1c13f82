"""A service that fails after it has read an order, and counts the orders that it has read.

It is there twice, with a sidecar and without: a caller's proxy sees a reset of the first as a 503 of the sidecar.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lab.calls import statuses
from lab.cluster.kubectl import kubectl
from lab.toolchain.images import PAUSE
from lab.workloads import MARK, ROOM, TRADING, Workload, apply, delete, service

SERVED, PLAIN = "orders", "orders-plain"
"""The Services: with a sidecar, and without."""
SERVICES = (SERVED, PLAIN)
FAILURES = ("reset", "busy", "unavailable")
"""Paths after which the server resets the connection, answers 503, and answers 200 with gRPC's status 14."""
BUSYBOX = "/bin/busybox"
READ = "/orders-read"
"""File with the request line of each POST that the server has read."""
SCRIPT = f"""
length=0
while read -r line; do
  case "$line" in
    POST*) echo "$line" >> {READ}; asked=$line;;
    GET*) asked=$line;;
    [Cc]ontent-[Ll]ength:*) length=${{line#*: }}; length=${{length%?}};;
  esac
  [ ${{#line}} -le 1 ] && break
done
case "$asked" in *" /reset"*) exit;; esac
{BUSYBOX} head -c "$length" > /dev/null
case "$asked" in
  *" /busy"*) echo "HTTP/1.1 503 Service Unavailable";;
  *" /unavailable"*) echo "HTTP/1.1 200 OK"; echo "grpc-status: 14";;
  *) echo "HTTP/1.1 200 OK";;
esac
printf 'Content-Length: 0\\r\\nConnection: close\\r\\n\\r\\n'
"""
"""One connection's server. It leaves the body of a POST to /reset unread, so that the kernel sends a reset."""


@contextmanager
def serving() -> Iterator[None]:
    """Run both servers for the block."""
    objects = [*(service(name, {"app": name}, http=8080) for name in SERVICES), *map(_deployment, SERVICES)]
    apply(objects)
    try:
        for name in SERVICES:
            kubectl("rollout", "status", "--timeout=120s", "-n", TRADING, f"deployment/{name}")
        yield
    finally:
        delete(objects)


def orders_read() -> dict[str, Counter[str]]:
    """Return the orders that each server has read so far, by the failure that followed."""
    return {name: Counter(line.split()[1].strip("/") for line in _lines(name)) for name in SERVICES}


def post(client: Workload, url: str, count: int) -> dict[int, int]:
    """Send `count` orders one after the other, each once, and return how many got each status."""
    return statuses(client, url, count, connections=1, payload="buy")


def repeated(client: Workload, urls: Mapping[tuple[str, str], str], count: int) -> dict[str, int]:
    """Send `count` orders to each URL, given by server and failure, and return how often orders were repeated."""
    before = orders_read()
    for url in urls.values():
        assert sum(post(client, url, count).values()) == count
    after = orders_read()
    return {f"{name} {way}": after[name][way] - before[name][way] - count for name, way in urls}


def every_url(*services: str) -> dict[tuple[str, str], str]:
    """Return the URL of each failure of the servers, for callers in the mesh."""
    return {(name, way): f"http://{name}.{TRADING}/{way}" for name in services for way in FAILURES}


def _lines(name: str) -> list[str]:
    return kubectl(
        "exec", "-n", TRADING, f"deployment/{name}", "--container=server", "--", BUSYBOX, "cat", READ
    ).splitlines()


def _deployment(name: str) -> dict[str, Any]:
    container = {
        "name": "server",
        "image": PAUSE,
        "command": [BUSYBOX, "sh", "-c", f': > {READ}; exec {BUSYBOX} nc -ll -p 8080 -e {BUSYBOX} sh -c "$SCRIPT"'],
        "env": [{"name": "SCRIPT", "value": SCRIPT}],
        "ports": [{"containerPort": 8080}],
        "resources": ROOM,
    }
    labels = {"app": name, "sidecar.istio.io/inject": str(name == SERVED).lower()}
    pod = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": TRADING, "labels": MARK},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
