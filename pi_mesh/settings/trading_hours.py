"""The trading hours of the platform, during which no run may restart proxies."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from pi_mesh.model.base import Model
from pi_mesh.model.patterns import matching

Day = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
DAYS: tuple[Day, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TimeOfDay = Annotated[str, matching(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", 'a time of day such as "09:00", in quotes')]


def _real_day(value: str) -> str:
    date.fromisoformat(value)
    return value


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, KeyError, ValueError):
        raise ValueError('is not a time zone in this machine\'s tz database, such as "Europe/Berlin"') from None
    return value


Holiday = Annotated[
    str, matching(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", 'a day such as "2026-12-25", in quotes'), AfterValidator(_real_day)
]


class TradingHours(Model):
    """Trading hours of a week. During them an `up`, `refresh` or `rotate-ca` that restarts proxies is refused."""

    time_zone: Annotated[str, AfterValidator(_known_zone)]
    """Name of the time zone in the tz database, such as "Europe/Berlin"; summer time is taken into account."""
    opens: TimeOfDay
    """Time of day at which trading begins."""
    closes: TimeOfDay
    """Time of day at which trading ends; a time that is not after `opens` is on the next day."""
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS[:5]
    """Days on which trading begins at `opens`."""
    holidays: tuple[Holiday, ...] = ()
    """Days without trading."""

    def _trades_on(self, day: date) -> bool:
        return DAYS[day.weekday()] in self.days and day.isoformat() not in self.holidays

    def closing(self, now: datetime) -> datetime | None:
        """Return the end of the trading hours that contain `now`, which carries a time zone; None outside of them."""
        local = now.astimezone(ZoneInfo(self.time_zone))
        opens, closes = time.fromisoformat(self.opens), time.fromisoformat(self.closes)
        for day in (local.date(), local.date() - timedelta(days=1)):
            last = day if closes > opens else day + timedelta(days=1)
            end = datetime.combine(last, closes, local.tzinfo)
            if self._trades_on(day) and datetime.combine(day, opens, local.tzinfo) <= local < end:
                return end
        return None
