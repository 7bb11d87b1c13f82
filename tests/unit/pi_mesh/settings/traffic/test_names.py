"""The types of the traffic settings."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings


@pytest.mark.parametrize("port", [15000, 15001, 15002, 15004, 15006, 15008, 15009, 15020, 15021, 15053, 15090])
def test_a_port_of_the_proxy_itself_is_refused(port):
    # The table of istio.io/latest/docs/ops/deployment/application-requirements.
    with pytest.raises(SettingsError, match="is a port that Istio's proxy uses itself"):
        make_settings(traffic={"gateways": {"g": {"port": port}}})


@pytest.mark.parametrize("port", [14999, 15003, 15007, 15010, 15022, 15054, 15091])
def test_a_port_beside_them_is_free(port):
    assert make_settings(traffic={"gateways": {"g": {"port": port}}}).traffic.gateways["g"].port == port
