"""The settings by which a mesh can be weakened, and the direction in which each weakens it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HOURS = {"h": 1.0, "m": 1 / 60, "s": 1 / 3600, "d": 24.0}


@dataclass(frozen=True)
class Weakness:
    """A setting, the comparison that finds it weaker, and what that means."""

    path: str
    """Config key; `*` stands for each entry of a map."""
    is_weaker: Callable[[Any, Any], bool]
    means: str


def _becomes(*weak: object) -> Callable[[Any, Any], bool]:
    return lambda before, after: before != after and after in weak


def _differs(before: Any, after: Any) -> bool:
    return before != after


def _grows(before: Any, after: Any) -> bool:
    """Return True where the new list, or mapping, has an entry that the old one lacks."""
    old, new = (list(side.items()) if isinstance(side, Mapping) else side or [] for side in (before, after))
    return any(entry not in old for entry in new)


def _is_longer(before: Any, after: Any) -> bool:
    return _hours(after) > _hours(before)


def _hours(duration: Any) -> float:
    return sum(float(number) * HOURS[unit] for number, unit in re.findall(r"([0-9.]+)([hmsd])", str(duration)))


def _lets_more_in(before: Any, after: Any) -> bool:
    """Return True where the new policies admit more.

    An ALLOW has a new rule, a DENY lost one, or a selector changed.
    """
    before, after = before or {}, after or {}
    return any(name not in after or _is_looser(old, after[name]) for name, old in before.items()) or any(
        policy.get("action", "ALLOW") == "ALLOW" and name not in before for name, policy in after.items()
    )


def _is_looser(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    if any(before.get(key) != after.get(key) for key in ("action", "selector", "namespace")):
        return True
    old, new = before.get("rules") or [], after.get("rules") or []
    return _grows(new, old) if before.get("action") == "DENY" else _grows(old, new)


def _of_namespaces() -> Iterator[Weakness]:
    """Yield the settings of each namespace of workloads."""
    for namespace in ("trading", "namespaces.*"):
        yield Weakness(f"{namespace}.injection", _becomes(False), "new pods get no sidecar")
        yield Weakness(f"{namespace}.sidecarScope", _grows, "sidecars may reach more services")
        yield Weakness(f"{namespace}.bounds.sidecar", _becomes(False), "sidecars may reach more services")
        quota = "workloads may take more of the Pis than the budget says"
        yield Weakness(f"{namespace}.bounds.quota", _becomes(False), quota)
        limits = "containers without a limit are not limited"
        yield Weakness(f"{namespace}.bounds.limitRange", _becomes(False), limits)
        adopted = "a namespace that this stack did not create is adopted"
        yield Weakness(f"{namespace}.adopt", _becomes(True), adopted)
    for deny in ("traffic.authorization.defaultDeny", "namespaces.*.defaultDeny"):
        yield Weakness(f"{deny}.enabled", _becomes(False), "callers that no policy names are admitted")
        yield Weakness(f"{deny}.allowIngress", _becomes(True), "the ingress gateway is admitted")
        yield Weakness(f"{deny}.allowNamespaces", _grows, "more namespaces are admitted")
        yield Weakness(f"{deny}.allowCutOff", _becomes(True), "callers that the audit saw may be refused")


def _takes_fewer_orders(before: Any, after: Any) -> bool:
    """Return True where a service is no longer marked as taking orders."""
    return any(
        service.get("takesOrders") and not (after or {}).get(name, {}).get("takesOrders")
        for name, service in (before or {}).items()
    )


WEAKNESSES = (
    Weakness("mtls.mode", _becomes("PERMISSIVE", "DISABLE"), "workloads accept plain text from anyone"),
    Weakness("mtls.allowCutOff", _becomes(True), "callers in plain text that the audit saw may be refused"),
    Weakness("mtls.certificateLifetime", _is_longer, "a stolen certificate is good for longer"),
    Weakness("proxy.outboundTraffic", _becomes("ALLOW_ANY"), "workloads may call any host"),
    *_of_namespaces(),
    Weakness("proxy.defaultRetries.idempotent", _becomes(True), "proxies may repeat requests that were processed"),
    Weakness("proxy.holdApplicationUntilProxyStarts", _becomes(False), "the first calls of a pod may be lost"),
    Weakness("traffic.services", _takes_fewer_orders, "proxies may repeat orders"),
    Weakness("traffic.legacy", _grows, "more workloads accept plain text"),
    Weakness("traffic.authorization.policies", _lets_more_in, "more callers may be admitted"),
    Weakness("traffic.authorization.tokens", _differs, "tokens of other issuers may be accepted"),
    Weakness("traffic.external", _grows, "more hosts outside the mesh can be called"),
    Weakness("charts.source", _differs, "the charts, which run with all rights, come from another place"),
    Weakness("images.hub", _differs, "the images come from another place"),
    Weakness("release.atomic", _becomes(False), "a failed upgrade is not rolled back"),
    Weakness("trading.hours", _becomes(None), "proxies may be restarted at any time"),
    Weakness("istio.allowSkip", _becomes(True), "version changes that Istio does not support are accepted"),
    Weakness("istio.allowRemoval", _becomes(True), "a control plane that running proxies use may be removed"),
    Weakness("vault.enabled", _becomes(False), "istiod signs with a root of its own"),
    Weakness("vault.key", _becomes("exported"), "the CA's key leaves Vault"),
    Weakness("vault.allowHttp", _becomes(True), "the token and the CA's key may cross the network in the clear"),
    Weakness("vault.workloadRole", _becomes(True), "Vault signs any identity of the mesh outside of the cluster"),
    Weakness("vault.ttl", _is_longer, "a stolen CA is good for longer"),
    Weakness("vault.alsoTrust", _grows, "one more root certificate is trusted"),
    Weakness("ca.alsoTrust", _grows, "one more root certificate is trusted"),
    Weakness("istio.adopt", _becomes(True), "a namespace that this stack did not create is adopted"),
    Weakness("destroy.crds", _becomes(True), "a destroy deletes every Istio object of the cluster"),
    Weakness("destroy.rootCertificates", _becomes(True), "a destroy deletes the root certificates"),
)
