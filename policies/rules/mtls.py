"""mutual TLS is weakened for listed workloads only."""

from collections.abc import Iterator

from .resource import at, kind
from .rule import MANDATORY, Bounds, Resource, Rule, strings


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    if kind(resource) != "security.istio.io/PeerAuthentication":
        return
    name = at(resource.props, "metadata.name")
    selector = at(resource.props, "spec.selector.matchLabels") or {}
    labels = {f"{key}={value}" for key, value in selector.items()}
    for place, mode in _modes(resource):
        if mode == "DISABLE":
            yield f"PeerAuthentication {name}: {place} is DISABLE, which refuses mutual TLS altogether"
        elif mode == "PERMISSIVE" and not labels & set(bounds["permissive"]):
            whom = f"workloads with {', '.join(sorted(labels))}" if labels else "all workloads in its reach"
            yield f"PeerAuthentication {name}: {place} is PERMISSIVE for {whom}"


def _modes(resource: Resource) -> Iterator[tuple[str, str | None]]:
    yield "spec.mtls.mode", at(resource.props, "spec.mtls.mode")
    for port, setting in (at(resource.props, "spec.portLevelMtls") or {}).items():
        yield f"spec.portLevelMtls.{port}.mode", setting.get("mode")


RULE = Rule(
    "strict-mtls",
    "PERMISSIVE mutual TLS only for workloads with a listed label",
    MANDATORY,
    "a PERMISSIVE workload answers anyone who reaches it, in plain text and without an identity",
    "set mtls.mode to STRICT; select a legacy workload by a label, and list label=value in the policy config",
    schema={"permissive": strings([], 'Labels whose workloads may be PERMISSIVE, as "legacy=true".')},
    breaches=breaches,
)
