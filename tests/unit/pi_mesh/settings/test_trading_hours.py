"""Trading hours, and the moments inside them."""

import re
from datetime import UTC, datetime

import pytest

from pi_mesh.settings import SettingsError
from pi_mesh.settings.trading_hours import TradingHours
from tests.support.factories import make_settings

XETRA = {"timeZone": "Europe/Berlin", "opens": "09:00", "closes": "17:30", "holidays": ["2026-12-25"]}
NIGHTS = {
    "timeZone": "America/Chicago",
    "opens": "17:00",
    "closes": "16:00",
    "days": ["Sun", "Mon", "Tue", "Wed", "Thu"],
}


def hours(given: dict) -> TradingHours:
    found = make_settings(trading={"hours": given}).trading.hours
    assert found
    return found


@pytest.mark.parametrize(
    ("given", "moment", "inside"),
    [
        (XETRA, "2026-11-25T08:00", True),  # 9:00 in winter, when the clocks are an hour ahead of UTC
        (XETRA, "2026-11-25T07:59", False),
        (XETRA, "2026-11-25T16:29", True),
        (XETRA, "2026-11-25T16:30", False),
        (XETRA, "2026-07-01T07:00", True),  # 9:00 in summer
        (XETRA, "2026-11-28T10:00", False),  # a Saturday
        (XETRA, "2026-12-25T10:00", False),  # a holiday
        (NIGHTS, "2026-11-30T05:00", True),  # Sunday's session at 23:00
        (NIGHTS, "2026-11-30T21:59", True),  # and at 15:59 of the next day
        (NIGHTS, "2026-11-30T22:30", False),  # between two sessions
        (NIGHTS, "2026-11-28T05:00", False),  # none begins on a Friday
    ],
)
def test_a_moment_is_judged_by_the_zones_own_clock(given, moment, inside):
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert (hours(given).closing(now) is not None) is inside


def test_the_end_is_told_in_the_zones_own_time():
    end = hours(XETRA).closing(datetime(2026, 11, 25, 10, tzinfo=UTC))
    assert end
    assert f"{end:%Y-%m-%d %H:%M}" == "2026-11-25 17:30"


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"timeZone": "Berlin"}, "trading.hours.timeZone: 'Berlin': is not a time zone"),
        ({"timeZone": "../../etc/passwd"}, "trading.hours.timeZone: '../../etc/passwd': is not a time zone"),
        ({"opens": "9:00"}, "trading.hours.opens: '9:00': is not a time of day such as \"09:00\""),
        ({"holidays": ["2026-02-30"]}, "trading.hours.holidays[0]: '2026-02-30': "),
        ({"days": []}, "trading.hours.days"),
        ({"days": ["Monday"]}, "trading.hours.days[0]: 'Monday': input should be 'Mon'"),
    ],
)
def test_what_is_no_time_is_refused_with_its_key(wrong, line):
    with pytest.raises(SettingsError, match=re.escape(line)):
        hours({**XETRA, **wrong})
