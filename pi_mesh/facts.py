"""Facts about a setting, as metadata of its field: the Helm values that it gives, and which change of it is weaker.

pydantic keeps what it does not know of an `Annotated` in `FieldInfo.metadata`; validation, the JSON schema and the
reference ignore it. A fact of a branch holds for each field below that says nothing else.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

EVERY = "every chart"


@dataclass(frozen=True)
class Helm:
    """A Helm value that the setting gives."""

    chart: str
    """Name of the chart, or EVERY."""
    path: str
    yields: bool = False
    """True if an extra value may override it, back to the chart's own way."""
    reserved: bool = False
    """True if preflight warns of such an extra value, because the setting would then mean nothing."""
    restarts: bool = True
    """False if a change leaves the release's pods running. Whole branches of a chart that never reach its pods are in
    `pi_mesh.checks.restarts`."""


@dataclass(frozen=True)
class NoHelm:
    """The reason why a setting gives no Helm value of its own."""

    why: str


@dataclass(frozen=True)
class Weaker:
    """The comparison that finds a change of the setting weaker, and what that means for the mesh."""

    is_weaker: Callable[[Any, Any], bool]
    """Takes the values before and after, as JSON."""
    means: str


@dataclass(frozen=True)
class Harmless:
    """The reason why no change of a setting weakens the mesh."""

    why: str


SIZE = Harmless("the budget counts the room that it takes")
NAME = Harmless("a name, which protects nothing")
Fact = Helm | NoHelm | Weaker | Harmless


@dataclass(frozen=True)
class Setting:
    """A field of the settings tree."""

    path: str
    """Config key; `.*` stands for each entry of a map, `[]` for each entry of a list."""
    field: FieldInfo
    branches: "tuple[Setting, ...]"
    """The fields above it, the outermost first."""
    model: type[BaseModel] | None
    """Model of a branch; None for a leaf."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Return the facts that stand at the field itself or in its type, which may be optional."""
        kind = self.field.annotation
        types = get_args(kind) if get_origin(kind) in (Union, UnionType) else ()
        metadata = [*(fact for entry in types for fact in getattr(entry, "__metadata__", ())), *self.field.metadata]
        return tuple(fact for fact in metadata if isinstance(fact, Fact))

    @property
    def helm(self) -> tuple[Helm, ...]:
        """Return the Helm values that stand at the field itself."""
        return tuple(fact for fact in self.facts if isinstance(fact, Helm))

    @property
    def default(self) -> Any:
        """Return the default of the field as JSON; None for a required field."""
        default = None if self.field.is_required() else self.field.default
        return to_jsonable_python(default, by_alias=True, fallback=str)


@cache
def fields_of(tree: type[BaseModel]) -> tuple[Setting, ...]:
    """Return every field of a settings tree, branches before what is below them; no schema is built for it."""
    return tuple(_fields(tree, "", ()))


def _fields(model: type[BaseModel], prefix: str, branches: tuple[Setting, ...]) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        mark, below = model_in(field.annotation)
        setting = Setting(f"{prefix}{field.alias or name}", field, branches, below)
        yield setting
        if below:
            yield from _fields(below, f"{setting.path}{mark}.", (*branches, setting))


def model_in(annotation: Any) -> tuple[str, type[BaseModel] | None]:
    """Return the model in an annotation, and the mark of its place in the path."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "", annotation
    own = {dict: ".*", tuple: "[]"}.get(get_origin(annotation), "")
    inner = (model_in(argument) for argument in get_args(annotation))
    return next(((own + mark, model) for mark, model in inner if model), ("", None))


# Comparisons of the values of a setting before and after a change.

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}


def becomes(*weak: object) -> Callable[[Any, Any], bool]:
    """Return the comparison that finds a change to one of these values."""
    return lambda before, after: before != after and after in weak


def leaves(*strong: object) -> Callable[[Any, Any], bool]:
    """Return the comparison that finds a change from one of these values to any other."""
    return lambda before, after: before in strong and after not in strong


def falls(*order: object) -> Callable[[Any, Any], bool]:
    """Return the comparison that finds a change to a value that comes earlier in this order."""
    return lambda before, after: before in order and after in order and order.index(after) < order.index(before)


ON, OFF = becomes(True), becomes(False)


def differs(before: Any, after: Any) -> bool:
    return before != after


def replaces(before: Any, after: Any) -> bool:
    """Return True where a value was given, and another or none is now."""
    return bool(before) and before != after


def goes(before: Any, after: Any) -> bool:
    """Return True where a value was given, and none is now."""
    return bool(before) and not after


def rises(before: Any, after: Any) -> bool:
    return (after or 0) > (before or 0)


def grows(before: Any, after: Any) -> bool:
    """Return True where the new list, or mapping, has an entry that the old one lacks."""
    old, new = (list(side.items()) if isinstance(side, Mapping) else side or [] for side in (before, after))
    return any(entry not in old for entry in new)


def loses(before: Any, after: Any) -> bool:
    """Return True where an entry of the old list, or mapping, is missing or differs in the new one."""
    return grows(after, before)


def widens_scope(before: Any, after: Any) -> bool:
    """Return True where the new list has an entry more; an empty list stands for everything."""
    return bool(before) and (not after or grows(before, after))


def is_longer(before: Any, after: Any) -> bool:
    return duration(after) > duration(before)


def duration(text: Any) -> timedelta:
    """Return the sum of the parts of a duration such as "1h30m"; zero for None."""
    parts = re.findall(r"([0-9.]+)(ms|[hmsd])", str(text))
    return sum((timedelta(**{UNITS[unit]: float(number)}) for number, unit in parts), start=timedelta())


def admits_more_addresses(before: Any, after: Any) -> bool:
    """Return True where an address is admitted that was not; an empty list admits every address."""
    from ipaddress import ip_network

    if not before or not after:
        return bool(before)
    old, new = ([ip_network(entry) for entry in side] for side in (before, after))
    return not all(any(net.network_address in wide and net.prefixlen >= wide.prefixlen for wide in old) for net in new)


def protects_less_time(before: Any, after: Any) -> bool:
    """Return True where trading hours end, or a time was within them that is not any more."""
    if not before or not after:
        return bool(before)
    (opened, closed), (opens, closes) = _open_hours(before), _open_hours(after)
    return (
        before.get("timeZone") != after.get("timeZone")
        or opens > opened
        or closes < closed
        or grows(after.get("days"), before.get("days"))
        or grows(before.get("holidays"), after.get("holidays"))
    )


def _open_hours(trading: Mapping[str, Any]) -> tuple[timedelta, timedelta]:
    """Return the times at which a day's trading begins and ends; an end on the next day is above 24 hours."""
    opens, closes = (duration(f"{trading[key].replace(':', 'h')}m") for key in ("opens", "closes"))
    return opens, closes if closes > opens else closes + timedelta(days=1)


def takes_fewer_orders(before: Any, after: Any) -> bool:
    """Return True where a service is no longer marked as taking orders."""
    return any(
        service.get("takesOrders") and not (after or {}).get(name, {}).get("takesOrders")
        for name, service in (before or {}).items()
    )


def repeats_more(before: Any, after: Any) -> bool:
    """Return True where a route repeats requests that were processed, and did not before."""
    return not _repeating(after) <= _repeating(before)


def _repeating(routes: Mapping[str, Any] | None) -> set[str]:
    rules = {name: route.get("http") or () for name, route in (routes or {}).items()}
    return {name for name, http in rules.items() if any((rule.get("retries") or {}).get("idempotent") for rule in http)}


def lets_more_in(before: Any, after: Any) -> bool:
    """Return True where new policies admit more: a rule is new in an ALLOW or gone from a DENY or CUSTOM, or a selector
    or authorizer changed."""
    before, after = before or {}, after or {}
    return any(name not in after or _is_looser(old, after[name]) for name, old in before.items()) or any(
        policy.get("action", "ALLOW") == "ALLOW" and name not in before for name, policy in after.items()
    )


def _is_looser(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    if any(before.get(key) != after.get(key) for key in ("action", "selector", "namespace", "authorizer")):
        return True
    old, new = before.get("rules") or [], after.get("rules") or []
    return grows(new, old) if before.get("action") in ("DENY", "CUSTOM") else grows(old, new)
