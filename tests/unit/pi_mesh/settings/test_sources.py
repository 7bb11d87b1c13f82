"""Where charts come from."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support import awaited
from tests.support.factories import make_settings

VAULT = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}


@awaited.safe("M15 charts, whose code runs as cluster-admin, may come over plain HTTP")
@pytest.mark.parametrize(
    "settings",
    [
        {"charts": {"source": "http://charts.example"}},
        {"observability": {"prometheus": {"enabled": True}, "charts": "http://charts.example"}},
        {"vault": {**VAULT, "certManager": {"charts": "http://charts.example"}}},
    ],
    ids=["Istio", "observability", "cert-manager"],
)
def test_charts_over_plain_http_are_refused(settings):
    with pytest.raises(SettingsError):
        make_settings(**settings)
