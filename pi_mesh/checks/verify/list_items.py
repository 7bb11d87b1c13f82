"""Matching of the items of a live list with those of its manifest."""

NAMED_BY = ("name", "mountPath", "containerPort", "port", "key")
"""Keys by which the API server merges the items of lists."""

Pairs = list[tuple[object, int | None, int | None]]
"""Items as a label for the reader and the places in the wanted and the live list; None if a list lacks the item."""


def pairs(wanted: list, live: list) -> Pairs:
    """Pair items by their names, or if they have no names those that differ by their places."""
    for name in NAMED_BY:
        mine, theirs = ([_name(item, name) for item in items] for items in (wanted, live))
        if all(None not in names and len(set(names)) == len(names) for names in (mine, theirs)):
            return [(name, _place(mine, name), _place(theirs, name)) for name in dict.fromkeys([*mine, *theirs])]
    return _by_place(wanted, live)


def _name(item: object, key: str) -> str | None:
    """Return the item's name; a Gateway's servers have it in their port."""
    value = item.get(key) if isinstance(item, dict) else None
    if isinstance(value, dict):
        value = value.get("name")
    return None if value is None else str(value)


def _place(names: list[str | None], name: str | None) -> int | None:
    return names.index(name) if name in names else None


def _by_place(wanted: list, live: list) -> Pairs:
    """Pair the items between the equal ones at both ends one by one, so that an insertion is one difference."""
    shorter = min(len(wanted), len(live))
    before = next((index for index in range(shorter) if wanted[index] != live[index]), shorter)
    rest = shorter - before
    after = next((index for index in range(rest) if wanted[-1 - index] != live[-1 - index]), rest)
    between = range(before, max(len(wanted), len(live)) - after)
    return [(index, _inside(index, wanted, after), _inside(index, live, after)) for index in between]


def _inside(index: int, items: list, after: int) -> int | None:
    return index if index < len(items) - after else None
