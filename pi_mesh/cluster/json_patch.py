"""JSON patches (RFC 6902), in which admission webhooks describe their changes to an object."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any


def patched(document: Any, operations: Iterable[Mapping[str, Any]]) -> Any:
    """Return the document after the operations `add`, `replace` and `remove`; webhooks send no others."""
    result = deepcopy(document)
    for operation in operations:
        *path, last = [_plain(part) for part in operation["path"].split("/")[1:]]
        place = result
        for part in path:
            place = place[int(part)] if isinstance(place, list) else place[part]
        _change(place, last, operation)
    return result


def _change(place: Any, key: str, operation: Mapping[str, Any]) -> None:
    verb = operation["op"]
    if verb not in ("add", "replace", "remove"):
        raise ValueError(f"the JSON patch has the operation {verb}, which is not known here")
    if not isinstance(place, list):
        if verb == "remove":
            del place[key]
        else:
            place[key] = operation["value"]
    elif verb == "add":
        place.insert(len(place) if key == "-" else int(key), operation["value"])
    elif verb == "replace":
        place[int(key)] = operation["value"]
    else:
        del place[int(key)]


def _plain(part: str) -> str:
    """Return the part of a JSON pointer without its escapes."""
    return part.replace("~1", "/").replace("~0", "~")
