"""The bounds of a certificate's lifetime."""

import pytest

from pi_mesh.settings import SettingsError, mtls
from tests.support.factories import make_settings


@pytest.mark.parametrize("lifetime", ["10m", "11m", "1h", "2160h", "129600m"])
def test_a_certificate_may_live_from_ten_minutes_to_ninety_days(lifetime):
    assert make_settings(mtls={"certificateLifetime": lifetime}).mtls.certificate_lifetime == lifetime


@pytest.mark.parametrize("lifetime", ["9m", "1m", "2161h", "129601m"])
def test_a_shorter_or_longer_certificate_is_refused(lifetime):
    with pytest.raises(SettingsError, match="is not between 10m and 2160h"):
        make_settings(mtls={"certificateLifetime": lifetime})


@pytest.mark.parametrize(("written", "minutes"), [("2h", 120), ("90m", 90)])
def test_a_lifetime_is_in_hours_or_minutes(written, minutes):
    assert mtls.duration(written).total_seconds() == minutes * 60
