"""Effects of EnvoyFilters on a proxy's listeners, filters and clusters, each with its level.

https://istio.io/latest/docs/reference/config/networking/envoy-filter/
"""

from collections.abc import Mapping
from typing import Any

from pi_mesh.checks.finding import Level
from pi_mesh.cluster.policies import Policy

LISTENERS = ("LISTENER", "FILTER_CHAIN")
FILTERS = ("LISTENER_FILTER", "NETWORK_FILTER", "HTTP_FILTER")
TAKEN_AWAY = ("REMOVE", "REPLACE")


def effect(policy: Policy) -> tuple[Level, str]:
    """Return the level and the words.

    Mutual TLS is in listeners and filter chains, authorization in filters: a patch that changes the former, or removes
    the latter, may have disabled them. An added filter can do as much, but usually does not.
    """
    patches = policy.spec.get("configPatches") or []
    grave = [patch for patch in patches if _is_grave(patch)]
    parts = list(dict.fromkeys(_words(patch) for patch in grave or patches))
    what = f"changes the proxies ({', '.join(parts) or 'no patch'})"
    if grave:
        return Level.ERROR, f"{what}, so mutual TLS and policies may be switched off there"
    return Level.WARNING, f"{what}; whether mutual TLS and policies still hold there can't be judged"


def _is_grave(patch: Mapping[str, Any]) -> bool:
    target, operation = patch.get("applyTo", ""), _operation(patch)
    if target == "CLUSTER":
        return operation in TAKEN_AWAY or bool({"transport_socket", "transportSocket"} & _value(patch).keys())
    return target in LISTENERS or (target in FILTERS and operation in TAKEN_AWAY)


def _operation(patch: Mapping[str, Any]) -> str:
    return (patch.get("patch") or {}).get("operation", "MERGE")


def _value(patch: Mapping[str, Any]) -> Mapping[str, Any]:
    return (patch.get("patch") or {}).get("value") or {}


def _words(patch: Mapping[str, Any]) -> str:
    """Return the patch in words, such as "REMOVE of HTTP_FILTER, SIDECAR_INBOUND"."""
    context = (patch.get("match") or {}).get("context", "ANY")
    return f"{_operation(patch)} of {patch.get('applyTo', '')}, {context}"
