"""The common rules of all settings."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings


def test_a_key_in_snake_case_is_refused():
    with pytest.raises(SettingsError, match="pilot_replicas"):
        make_settings(istio={"pilot_replicas": 3})
