"""Which item of a live list is which item of the list that was asked for."""

NAMED_BY = ("name", "mountPath", "containerPort", "port", "key")
"""By what the API server merges the items of lists."""

Pairs = list[tuple[object, int | None, int | None]]
"""A label for the reader, and an item's places in the wanted and in the live list; None where it is not in one."""


def pairs(wanted: list, live: list) -> Pairs:
    """Pair items by their names, and where they have none by their places."""
    for name in NAMED_BY:
        mine, theirs = ([_name(item, name) for item in items] for items in (wanted, live))
        if all(None not in names and len(set(names)) == len(names) for names in (mine, theirs)):
            return [(name, _place(mine, name), _place(theirs, name)) for name in dict.fromkeys([*mine, *theirs])]
    return _by_place(wanted, live)


def _name(item: object, key: str) -> str | None:
    """Return the item's name; a Gateway's servers have a port with a name of its own."""
    value = item.get(key) if isinstance(item, dict) else None
    if isinstance(value, dict):
        value = value.get("name")
    return None if value is None else str(value)


def _place(names: list[str | None], name: str | None) -> int | None:
    return names.index(name) if name in names else None


def _by_place(wanted: list, live: list) -> Pairs:
    """Pair the equal items at both ends; between them, item by item, so that an insertion is told as one."""
    shorter = min(len(wanted), len(live))
    before = next((index for index in range(shorter) if wanted[index] != live[index]), shorter)
    rest = shorter - before
    after = next((index for index in range(rest) if wanted[-1 - index] != live[-1 - index]), rest)
    between = range(before, max(len(wanted), len(live)) - after)
    return [
        *((index, index, index) for index in range(before)),
        *((index, _inside(index, wanted, after), _inside(index, live, after)) for index in between),
        *((len(live) - left, len(wanted) - left, len(live) - left) for left in range(after, 0, -1)),
    ]


def _inside(index: int, items: list, after: int) -> int | None:
    return index if index < len(items) - after else None
