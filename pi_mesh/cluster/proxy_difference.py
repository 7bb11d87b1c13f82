"""The differences between two proxies, as a pod's spec has their containers."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pi_mesh.quantities import Resources

SHOWN = ("concurrency", "terminationDrainDuration", "SECRET_TTL")
"""Settings whose values are shown; others may be anything, a password too."""
OF_THE_POD = "ISTIO_"
"""Prefix of variables that istiod makes of the pod itself."""


def unequal(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield in what an older proxy differs from a new one: of the container, as the pod's spec has it."""
    if old.get("image") != new.get("image"):
        yield f"image {old.get('image')}, now {new.get('image')}"
    for half in ("requests", "limits"):
        was, now = (Resources.from_kubernetes((side.get("resources") or {}).get(half)) for side in (old, new))
        if was != now:
            yield f"{half} {was}, now {now}"
    if old.get("args") != new.get("args"):
        yield "its arguments"
    was, now = _settings(old), _settings(new)
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            yield f"{key} {was.get(key, 'unset')}, now {now.get(key, 'unset')}" if key in SHOWN else key


def _settings(proxy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that settings give, and the fields of the proxy's configuration in place of it."""
    given = {entry["name"]: entry["value"] for entry in proxy.get("env", []) if "value" in entry}
    config = json.loads(given.pop("PROXY_CONFIG", None) or "{}")
    own = {name: value for name, value in given.items() if not name.startswith(OF_THE_POD)}
    # Its variables stand in the environment too.
    return {**own, **{key: value for key, value in config.items() if key != "proxyMetadata"}}
