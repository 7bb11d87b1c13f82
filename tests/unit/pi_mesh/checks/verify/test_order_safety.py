"""The verification's findings about routes to services that take orders."""

from dataclasses import replace

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import order_safety
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import make_verification

TO_ORDERS = {"route": [{"destination": {"host": "orders"}}], "retries": {"attempts": 3}}


def test_a_route_that_somebody_added_after_the_up_is_an_error():
    seen = make_verification(make_mesh(traffic={"services": {"orders": {"ports": [80], "takesOrders": True}}}))
    rogue = Policy("VirtualService", "trading", "rogue", {"hosts": ["shop.example"], "http": [TO_ORDERS]})
    (found,) = order_safety.check(replace(seen, snapshot=replace(seen.snapshot, routes=(rogue,))))
    assert (found.level, found.name) == (Level.ERROR, "trading/rogue")
