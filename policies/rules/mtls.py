"""Mutual TLS is weakened for listed workloads only."""

from collections.abc import Iterator

from .resource import chart, is_kind, is_object, is_release, release_values, unread
from .rule import MANDATORY, Bounds, Resource, Rule, strings
from .tree import at, mapping, text, walk, within

EXCLUDED = "traffic.sidecar.istio.io/excludeInboundPorts"
INCLUDED = "traffic.sidecar.istio.io/includeInboundPorts"


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    if is_kind(resource, "security.istio.io/PeerAuthentication"):
        yield from _of_policy(resource, bounds)
    elif is_release(resource):
        if chart(resource) == "istiod":
            yield from unread(resource)
        yield from _past_the_proxy(release_values(resource))
    elif is_object(resource):
        yield from _past_the_proxy(resource.props, quiet=True)


def _of_policy(resource: Resource, bounds: Bounds) -> Iterator[str]:
    name = at(resource.props, "metadata.name")
    labels = {f"{key}={value}" for key, value in mapping(resource.props, "spec.selector.matchLabels").items()}
    whom = f"workloads with {', '.join(sorted(labels))}" if labels else "all workloads in its scope"
    for place, mode in _modes(resource):
        weak = None
        if mode == "DISABLE":
            weak = "DISABLE, which refuses mutual TLS altogether"
        elif mode == "PERMISSIVE" and not labels & set(bounds["permissive"]):
            weak = f"PERMISSIVE for {whom}"
        elif mode in (None, "UNSET") and not (labels and mode is None):
            weak = "not set, which is PERMISSIVE unless a wider policy says otherwise"
        elif mode not in (None, "STRICT", "PERMISSIVE"):
            weak = f"{mode}, which is no mode of Istio"
        if weak:
            yield f"PeerAuthentication {name}: {place} is {weak}"


def _modes(resource: Resource) -> Iterator[tuple[str, str | None]]:
    yield "spec.mtls.mode", text(resource.props, "spec.mtls.mode")
    ports = mapping(resource.props, "spec.portLevelMtls")
    for port in ports:
        with within(f"spec.portLevelMtls.{port}"):
            # An entry without a mode is one that is not set, for labelled workloads too.
            yield f"spec.portLevelMtls.{port}.mode", text(ports[port], "mode") or "UNSET"


def _past_the_proxy(tree: object, quiet: bool = False) -> Iterator[str]:
    """Yield a breach for ports that bypass the sidecar, in plain text and in any mode."""
    for place, value in walk(tree, quiet=quiet):
        if place.endswith((EXCLUDED, "proxy.excludeInboundPorts")) and value not in (None, ""):
            yield f"{place} makes ports {value} bypass the proxy"
        elif place.endswith((INCLUDED, "proxy.includeInboundPorts")) and value not in (None, "*"):
            yield f"{place} makes all ports except {value or 'none'} bypass the proxy"


RULE = Rule(
    "strict-mtls",
    "PERMISSIVE mutual TLS only for workloads with a listed label",
    MANDATORY,
    "a PERMISSIVE workload answers anyone who reaches it, in plain text and without an identity",
    "set mtls.mode to STRICT; select a legacy workload by a label, and list label=value in the policy config",
    schema={"permissive": strings([], 'Labels whose workloads may be PERMISSIVE, as "legacy=true".')},
    breaches=breaches,
)
