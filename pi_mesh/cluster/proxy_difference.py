"""Differences between two proxies, from the containers in their pods' specs."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pi_mesh.quantities import Resources

SHOWN = ("concurrency", "terminationDrainDuration", "SECRET_TTL")
"""Settings whose values are shown; any other value may be a password."""
HOLD = "holdApplicationUntilProxyStarts"
"""Setting that reaches a proxy as a lifecycle hook, and neither a native sidecar nor a gateway."""
OF_THE_POD = "ISTIO_"
"""Prefix of variables that istiod derives from the pod itself."""


def unequal(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield the differences between the container of an older proxy and that of a new one, each in words."""
    if old.get("image") != new.get("image"):
        yield f"image {old.get('image')}, now {new.get('image')}"
    for half in ("requests", "limits"):
        was, now = (Resources.from_kubernetes((side.get("resources") or {}).get(half)) for side in (old, new))
        if was != now:
            yield f"{half} {was}, now {now}"
    if old.get("args") != new.get("args"):
        yield "arguments"
    if old.get("lifecycle") != new.get("lifecycle"):
        yield HOLD
    was, now = _settings(old), _settings(new)
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            yield f"{key} {was.get(key, 'unset')}, now {now.get(key, 'unset')}" if key in SHOWN else key


def _settings(proxy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that settings give, with the proxy configuration's fields in place of its JSON text."""
    given = {entry["name"]: entry["value"] for entry in proxy.get("env", []) if "value" in entry}
    config = json.loads(given.pop("PROXY_CONFIG", None) or "{}")
    own = {name: value for name, value in given.items() if not name.startswith(OF_THE_POD)}
    # The variables of proxyMetadata are in the environment too.
    return {**own, **{key: value for key, value in config.items() if key not in ("proxyMetadata", HOLD)}}
