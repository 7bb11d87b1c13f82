"""The settings of the gateways."""

import pytest

from tests.support import awaited
from tests.support.factories import make_settings


@awaited.safe("L1 a given service makes the egress gateway's type `auto`, against docs/config.md")
@pytest.mark.parametrize("service", [{}, {"nodePorts": {}}])
def test_the_egress_gateway_stays_inside_unless_its_type_is_given(service):
    assert make_settings(egress={"service": service}).egress.service.type == "ClusterIP"
