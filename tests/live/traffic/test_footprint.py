"""The mesh's use of the Pis."""

import pytest

from lab.bench.footprint import SIZES, measure
from lab.bench.footprint_report import LIMIT, MEBI, by_part

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("mesh")]


def test_istiod_gateway_and_sidecar_stay_within_their_memory_up_to_a_thousand_services(figure):
    parts = by_part(tuple(measure(SIZES, print)))
    most = {name: max(one.memory for one in values) / MEBI for name, values in parts.items()}
    figure(", ".join(f"{name} {mebi:.0f} MiB" for name, mebi in most.items()))
    assert max(most.values()) < LIMIT
    scoped = [one.memory for one in parts["sidecar, default scope"]]
    assert scoped[-1] - scoped[0] < 4 * MEBI, "the default scope keeps services of other namespaces from sidecars"
