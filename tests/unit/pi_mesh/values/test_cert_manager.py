"""The Helm values of cert-manager."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support.factories import make_mesh

KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}


def test_extra_values_of_the_chart_may_not_contradict():
    with pytest.raises(SettingsError, match=r"vault\.certManager\.values\.webhook\.replicaCount"):
        make_mesh(vault={**KEYLESS, "certManager": {"values": {"webhook": {"replicaCount": 1}}}})
