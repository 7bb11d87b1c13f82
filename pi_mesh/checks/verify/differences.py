"""How a live object differs from what was asked for: only what was asked for is compared."""

from collections.abc import Iterator

from pi_mesh.quantities import same_quantity

RUNTIME = ("caBundle", "failurePolicy")
"""Fields of webhooks that istiod writes while it runs."""
NAMED_BY = ("name", "containerPort", "port", "key")
"""By what the API server merges the items of lists."""


def differences(wanted: object, live: object, path: str = "") -> Iterator[str]:
    """A line for each field, such as "spec.replicas: 0, not 1"."""
    if isinstance(wanted, dict):
        if not isinstance(live, dict):
            yield from [f"{path}: is missing"] if wanted else []
            return
        for key, value in wanted.items():
            if key not in RUNTIME and value is not None:
                yield from differences(value, live.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(wanted, list):
        yield from _in_lists(wanted, live if isinstance(live, list) else [], path)
    elif not _same(wanted, live):
        yield f"{path}: {live!r}, not {wanted!r}"


def _in_lists(wanted: list, live: list, path: str) -> Iterator[str]:
    for index, item in enumerate(wanted):
        key = next((name for name in NAMED_BY if isinstance(item, dict) and name in item), None)
        if key is None:
            found, label = (live[index] if index < len(live) else None), str(index)
        else:
            found = next((one for one in live if isinstance(one, dict) and one.get(key) == item[key]), None)
            label = str(item[key])
        yield from differences(item, found, f"{path}[{label}]")


def _same(wanted: object, live: object) -> bool:
    """Treat empty as absent, and compare quantities by their amount."""
    return wanted == live or (not wanted and not live) or same_quantity(wanted, live)
