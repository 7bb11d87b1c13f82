"""The sources of charts."""

import pytest

from pi_mesh.settings import SettingsError
from pi_mesh.settings.sources import is_unprotected
from tests.support.factories import make_settings

VAULT = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}


@pytest.mark.parametrize(
    "settings",
    [
        {"charts": {"source": "ftp://charts.example"}},
        {"observability": {"prometheus": {"enabled": True}, "charts": "ftp://charts.example"}},
        {"vault": {**VAULT, "certManager": {"charts": "ftp://charts.example"}}},
    ],
    ids=["Istio", "observability", "cert-manager"],
)
def test_a_source_that_no_chart_can_come_from_is_refused_for_every_chart(settings):
    with pytest.raises(SettingsError, match="is not an https:// repository"):
        make_settings(**settings)


@pytest.mark.parametrize(
    ("source", "unprotected"),
    [
        ("http://charts.example", True),
        ("http://10.0.0.1:8080/charts", True),
        ("http://localhost.example/charts", True),
        ("http://localhost:8080", False),
        ("http://127.0.0.1", False),
        ("https://charts.example", False),
        ("oci://registry.example/charts", False),
        (".lab/charts", False),
    ],
)
def test_plain_http_from_another_machine_is_unprotected(source, unprotected):
    assert is_unprotected(source) is unprotected


@pytest.mark.parametrize("hub", ["   ", "https://registry.example/istio", "docker.io/istio x"])
def test_a_hub_that_no_image_can_come_from_is_refused(hub):
    with pytest.raises(SettingsError, match="is not a registry and organisation"):
        make_settings(images={"hub": hub})
