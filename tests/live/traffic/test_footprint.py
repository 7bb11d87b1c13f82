"""The mesh's use of the Pis."""

import pytest

from tests.support.memory_by_services import MEBI, SCOPED_SIDECAR, by_part, measure

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("mesh")]
SIZES = (0, 300, 1000)
"""Numbers of services below those at which the shipped limits end a container."""
LIMIT = 256
"""MiB: the Ansible role's memory limit of istiod, gateway and sidecar alike."""


def test_istiod_gateway_and_sidecar_stay_within_their_memory_up_to_a_thousand_services(figure):
    parts = by_part(tuple(measure(SIZES, print)))
    most = {name: max(one.memory for one in values) / MEBI for name, values in parts.items()}
    figure(", ".join(f"{name} {mebi:.0f} MiB" for name, mebi in most.items()))
    assert max(most.values()) < LIMIT
    scoped = [one.memory for one in parts[SCOPED_SIDECAR]]
    assert scoped[-1] - scoped[0] < 4 * MEBI, "the default scope keeps services of other namespaces from sidecars"
