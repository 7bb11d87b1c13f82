"""Live quantities, in every notation that Kubernetes allows, as amounts that add up."""

from collections.abc import Mapping

from lightkube.utils.quantity import parse_quantity

from pi_mesh.budget.amount import Amount


def amount(resources: Mapping[str, str] | None) -> Amount:
    """CPU and memory of a `requests`, `limits` or `allocatable`; what is not named counts as nothing."""
    named = resources or {}
    cpu = parse_quantity(str(named.get("cpu", "0"))) or 0
    memory = parse_quantity(str(named.get("memory", "0"))) or 0
    return Amount(int(-(-cpu * 1000 // 1)), int(-(-memory // 1)))
