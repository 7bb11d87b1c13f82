"""No proxy may repeat, mirror or fail an order: routes in the cluster are judged, whoever created them."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.traffic import orders
from pi_mesh.checks.verify.input import VerificationInput


def check(seen: VerificationInput) -> Iterator[Finding]:
    return orders.check(seen.settings, seen.snapshot)
