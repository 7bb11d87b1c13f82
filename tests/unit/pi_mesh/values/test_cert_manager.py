"""The Helm values of cert-manager."""

import pytest

from components.ca import program
from pi_mesh.settings import SettingsError
from pi_mesh.values import cert_manager
from tests.support.factories import make_settings

KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}


def test_extra_values_of_the_chart_may_not_contradict():
    settings = make_settings(vault={**KEYLESS, "certManager": {"values": {"webhook": {"replicaCount": 1}}}})
    for refused in (cert_manager.release, program.root):
        with pytest.raises(SettingsError, match=r"vault\.certManager\.values\.webhook\.replicaCount"):
            refused(settings)
