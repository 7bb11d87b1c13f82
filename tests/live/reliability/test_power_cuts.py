"""Power cuts: every board and the control plane off at once, and on again."""

import http.client
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from urllib.parse import urlsplit

import pytest

from lab import summary
from lab.cluster import power, state
from lab.workloads import TRADING
from pi_mesh.waiting import until
from tests.live.traffic.shop import open_shop
from tests.support import pods
from tests.support.project import Project

pytestmark = pytest.mark.long

ALL = ["cp", "pi-1", "pi-2", "pi-3"]
Parts = tuple[tuple[list[str], float], ...]
ORDERS_OF_RETURN: dict[str, Parts] = {
    "all at once": ((ALL, 0),),
    "the control plane half a minute later": ((ALL[1:], 30), (["cp"], 0)),
    "the control plane half a minute before": ((["cp"], 30), (ALL[1:], 0)),
    "two nodes seven minutes later": ((["cp", "pi-1"], 420), (["pi-2", "pi-3"], 0)),
    "one node seven minutes later": ((["cp", "pi-2", "pi-3"], 420), (["pi-1"], 0)),
}
"""Machines that get power, and the seconds until the next ones do: after five minutes Kubernetes makes the pods of a
missing node anew elsewhere."""
LONGEST = 600


@pytest.fixture(scope="module")
def shop(mesh: Project) -> Iterator[Project]:
    with open_shop():
        yield mesh


def is_served(url: str) -> bool:
    """Return True if an order from outside the cluster is answered with 200."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=2)
    with closing(connection), suppress(OSError, http.client.HTTPException):
        connection.request("POST", "/orders", "{}")
        return connection.getresponse().status == 200
    return False


def seconds_until_served(url: str, longest: float) -> float | None:
    """Return the seconds to the first of ten orders that are served one after the other; None if there are none."""
    began, first, served = time.monotonic(), 0.0, 0
    while served < 10:
        now = time.monotonic() - began
        if now > longest:
            return None
        if is_served(url):
            first, served = first if served else now, served + 1
        else:
            served = 0
        time.sleep(0.2)
    return first


@pytest.fixture
def impatient(shop: Project) -> Iterator[Project]:
    """Give a lost node up after a minute instead of five."""
    shop.set("cluster.unreachableSeconds", 60)
    try:
        shop.must_up()
        yield shop
    finally:
        shop.reset()
        shop.must_up()


GIVEN_UP = 240
"""Seconds to the first order at most: 40 to 50 until a node is not Ready, 60 until its pods are given up, and the start
of new ones and of the control plane. Kubernetes' own five minutes alone are longer."""


@pytest.mark.parametrize("missing", ALL[1:])
def test_orders_wait_a_minute_for_one_missing_board_of_three_where_the_settings_say_so(
    impatient: Project, figure: Callable[[str], None], missing: str
):
    url = summary.ingress_url()
    assert is_served(url)
    power.off()
    with ThreadPoolExecutor() as pool:
        returns = pool.submit(power.on, [name for name in ALL if name != missing])
        seconds = seconds_until_served(url, GIVEN_UP)
        returns.result()
    without_sidecar = pods.without_sidecar(TRADING)
    figure(f"without {missing}: {'no order served' if seconds is None else f'first order after {seconds:.0f} s'}")
    power.on([missing])
    verified = until(lambda: impatient.operation("verify", "--json"), 120, 5, done=lambda outcome: outcome.status == 0)
    assert (seconds is not None, without_sidecar) == (True, [])
    assert verified.status == 0, verified.output


@pytest.mark.parametrize("order", ORDERS_OF_RETURN)
def test_orders_are_served_again_without_a_hand_and_no_pod_is_without_its_sidecar(shop: Project, figure, order: str):
    url = summary.ingress_url()
    assert is_served(url)
    power.off()
    assert not is_served(url)
    told = []
    for machines, pause in ORDERS_OF_RETURN[order]:
        began = time.monotonic()
        with ThreadPoolExecutor() as pool:
            returns = pool.submit(power.on, machines)
            seconds = seconds_until_served(url, pause or LONGEST)
            returns.result()
        time.sleep(max(0.0, began + pause - time.monotonic()))
        told.append(f"{', '.join(machines)}: {'no order served' if seconds is None else f'{seconds:.0f} s'}")
        assert not state.api_is_ready() or pods.without_sidecar(TRADING) == []
    verified = until(lambda: shop.operation("verify", "--json"), 120, 5, done=lambda outcome: outcome.status == 0)
    figure(f"first order after {'; '.join(told)}; 0 pods without a sidecar")
    assert seconds is not None, told
    assert verified.status == 0, verified.output
