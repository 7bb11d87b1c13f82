"""CPU and memory of the settings."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support import awaited
from tests.support.factories import make_settings


@awaited.vault("L7 thousands of digits are accepted, and a traceback later")
def test_a_quantity_of_thousands_of_digits_is_refused_in_one_line():
    huge = {"cpu": "9" * 5000, "memory": "1Gi"}
    with pytest.raises(SettingsError) as refused:
        make_settings(istio={"resources": {"requests": huge, "limits": huge}})
    assert max(map(len, refused.value.problems)) < 500
