"""The settings of namespaces: trading hours, and what a namespace may not have."""

from datetime import UTC, datetime

from pi_mesh.settings.namespaces import TradingHours
from tests.support.factories import make_settings
from tests.support.findings import table
from tests.support.refusals import refusal

XETRA = {"timeZone": "Europe/Berlin", "opens": "09:00", "closes": "17:30", "holidays": ["2026-12-25"]}
NIGHTS_OF = ["Sun", "Mon", "Tue", "Wed", "Thu"]
NIGHTS = {"timeZone": "America/Chicago", "opens": "17:00", "closes": "16:00", "days": NIGHTS_OF}
EDGE, LEGACY = {"namespace": "edge"}, {"legacy": {"old": {"namespace": "reserach"}}}
DENY = {"authorization": {"defaultDeny": {"enabled": True}}}
BOTH = "{} and {} are both '{}'"
NO_DENY = "{}.injection is false, but sidecars enforce its default deny; disable that too"


def hours(given: dict) -> TradingHours:
    return make_settings(trading={"hours": given}).trading.hours  # pyright: ignore[reportReturnType]


@table(
    (XETRA, "2026-11-25T08:00", "2026-11-25 17:30"),  # 9:00 in winter, when the clocks are an hour ahead of UTC
    (XETRA, "2026-11-25T07:59", None),
    (XETRA, "2026-11-25T16:29", "2026-11-25 17:30"),
    (XETRA, "2026-11-25T16:30", None),
    (XETRA, "2026-07-01T07:00", "2026-07-01 17:30"),  # 9:00 in summer
    (XETRA, "2026-11-28T10:00", None),  # a Saturday
    (XETRA, "2026-12-25T10:00", None),  # a holiday
    (NIGHTS, "2026-11-30T05:00", "2026-11-30 16:00"),  # Sunday's session at 23:00
    (NIGHTS, "2026-11-30T21:59", "2026-11-30 16:00"),  # and at 15:59 of the next day
    (NIGHTS, "2026-11-30T22:30", None),  # between two sessions
    (NIGHTS, "2026-11-28T05:00", None),  # none begins on a Friday
)
def test_a_moment_is_judged_and_the_end_is_told_by_the_zones_own_clock(given, moment, end):
    closing = hours(given).closing(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert (closing and f"{closing:%Y-%m-%d %H:%M}") == end


def research(**settings: object) -> dict:
    return {"namespaces": {"research": settings}}


def hour(**settings: object) -> dict:
    return {"trading": {"hours": {**XETRA, **settings}}}


@table(
    (hour(timeZone="localtime"), "trading.hours.timeZone: 'localtime': is another time zone on each machine"),
    (hour(timeZone="Berlin"), "trading.hours.timeZone: 'Berlin': is not a time zone"),
    (hour(timeZone="../../etc/passwd"), "trading.hours.timeZone: '../../etc/passwd': is not a time zone"),
    (hour(opens="9:00"), "trading.hours.opens: '9:00': is not a time of day such as \"09:00\""),
    (hour(holidays=["2026-02-30"]), "trading.hours.holidays[0]: '2026-02-30': is not a day of the calendar"),
    (hour(days=[]), "trading.hours.days"),
    (hour(days=["Monday"]), "trading.hours.days[0]: 'Monday': is not 'Mon'"),
    (research(bounds={"limitRange": False}), "namespaces.research.bounds: limitRange is false, but a quota"),
    ({"namespaces": {"trading": {}}}, BOTH.format("namespaces.trading", "trading.namespace", "trading")),
    ({"namespaces": {"istio-system": {}}}, "namespaces.istio-system and istio.namespace are both 'istio-system'"),
    ({"ingress": EDGE, "namespaces": {"edge": {}}}, BOTH.format("namespaces.edge", "ingress.namespace", "edge")),
    ({"istio": {"tags": {"s": "default"}}, "trading": {"injection": False, "revision": "s"}}, "trading: revision"),
    (research(injection=False, defaultDeny={"enabled": True}), NO_DENY.format("namespaces.research")),
    (research(injection=False, defaultDeny={"audit": True}), NO_DENY.format("namespaces.research")),
    ({"trading": {"injection": False}, "traffic": DENY}, NO_DENY.format("trading")),
    (research(revision="new"), "namespaces.research.revision is 'new'; there is default"),
    ({**research(), "traffic": LEGACY}, "traffic.legacy.old.namespace is 'reserach'; there are research, trading"),
)
def test_what_a_namespace_can_not_have_is_refused_with_its_key(settings, line):
    assert refusal(**settings).startswith(line)
