"""The demo's scenes: each asks the mesh for one thing, and says what was expected and what was seen."""

import http.client
import time
from collections import Counter
from dataclasses import dataclass

from lab.calls import REFUSED, call
from lab.demo import application
from lab.demo.application import INSIDE, OUTSIDE
from lab.workloads import Workload

PRICES, ORDERS = 500, 100
"""Requests for a price, and orders."""
CANARY = range(20, 91)
"""Prices that may come from v2 where 50 are expected: more than four standard deviations to either side."""
CALLER, STRANGER = Workload("caller", namespace=INSIDE), Workload("stranger", namespace=OUTSIDE, sidecar=False)


@dataclass(frozen=True)
class Seen:
    """The result of a scene."""

    name: str
    text: str
    is_as_expected: bool

    def __str__(self) -> str:
        return f"  {'ok ' if self.is_as_expected else 'NOT'} {self.name:<13} {self.text}"


def canary(url: str) -> Seen:
    """Ask for prices: nine of ten come from v1, and none fails although the servers do."""
    before = len(application.arrived("prices-v1", "prices-v2"))
    answers = [application.ask(url, "GET", "/prices") for _ in range(PRICES)]
    repeated = len(application.arrived("prices-v1", "prices-v2")) - before - PRICES
    versions = Counter(answer.version for answer in answers)
    good = sum(answer.status == http.client.OK for answer in answers)
    text = (
        f"of {PRICES} prices {versions['v1']} came from v1 and {versions['v2']} from v2 (weights 90 and 10); "
        f"{good} were answered, for the gateway asked {repeated} of them again after an error"
    )
    return Seen("canary", text, versions["v2"] in CANARY and good == PRICES and repeated > 0)


def orders(url: str) -> Seen:
    """Send orders, of which some fail: each arrives once, and the sender learns of every failure."""
    run = f"/orders/{time.time_ns()}"
    statuses = Counter(application.ask(url, "POST", f"{run}-{number}", "{}").status for number in range(ORDERS))
    counts = Counter(path for method, path in application.arrived("orders") if method == "POST" and run in path)
    failed = statuses[http.client.SERVICE_UNAVAILABLE]
    text = (
        f"of {ORDERS} orders {statuses[http.client.CREATED]} were accepted and {failed} failed; "
        f"{len(counts)} arrived, none more than {max(counts.values(), default=0)} time"
    )
    return Seen("orders", text, set(counts.values()) == {1} and len(counts) == ORDERS and failed > 0)


def no_sidecar(_: str) -> Seen:
    """Call from a pod without a sidecar: strict mutual TLS refuses plain text."""
    status = call(STRANGER, f"http://orders.{INSIDE}/orders").status
    is_refused = status == REFUSED
    refused = "a caller without a sidecar is refused: the connection is reset, for mutual TLS is STRICT"
    admitted = f"a caller without a sidecar reached the mesh and got {status}: mutual TLS is not STRICT"
    return Seen("no sidecar", refused if is_refused else admitted, is_refused)


def default_deny(_: str) -> Seen:
    """Call from a pod with a sidecar that no rule allows: the default deny refuses it."""
    answer = call(CALLER, f"http://orders.{INSIDE}/orders")
    is_refused = answer.status == http.client.FORBIDDEN
    text = "a caller in the mesh that no rule allows is refused: status 403"
    return Seen("default deny", text if is_refused else f"a caller without a rule got {answer.status}", is_refused)


SCENES = (canary, orders, no_sidecar, default_deny)
