"""The policy rules, bounds and protective settings that a pull request relaxes."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from operations.pull_request.checkout import Config
from operations.pull_request.markdown import both_values, code
from pi_mesh.names import PROJECT
from pi_mesh.quantities import parse as quantity
from pi_mesh.settings import SettingsError, parse
from pi_mesh.settings.pulumi_config import plain_values
from pi_mesh.words import counted

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


LEVELS = ("disabled", "advisory", "mandatory")
JUDGES = ("policies/rules/", "policies/__main__.py", "policies/PulumiPolicy.yaml")
MESSENGERS = ("operations/pull_request/", "operations/preview.py", ".github/workflows/preview.yml", "Makefile")


@dataclass(frozen=True)
class Rule:
    """A rule with its level and bounds for one stack."""

    level: str
    bounds: dict[str, Any]


RuleSet = dict[str, Rule]
"""Rules by name."""


@dataclass(frozen=True)
class Relaxations:
    """The relaxations, a line for each."""

    rules: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Relaxed rules, by name."""
    settings: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    """Changes of the code of the rules or of the preview, which only a reader can judge."""

    @property
    def lines(self) -> tuple[str, ...]:
        rules = dict.fromkeys(line for lines in self.rules.values() for line in lines)
        return *rules, *self.settings, *self.code


def rule_relaxations(before: RuleSet, after: RuleSet) -> dict[str, tuple[str, ...]]:
    """Return what the new rules allow and the old ones do not, according to levels and bounds."""
    if before and not after:
        return dict.fromkeys(before, (f"The policy pack is deleted, and with it {counted(len(before), 'rule')}.",))
    relaxed = {name: tuple(_of_rule(name, rule, after.get(name))) for name, rule in before.items()}
    return {name: lines for name, lines in relaxed.items() if lines}


def _of_rule(name: str, before: Rule, after: Rule | None) -> Iterator[str]:
    if after is None:
        yield f"Rule `{name}` is deleted."
        return
    if before.level != after.level and after.level in LEVELS[: _severity(before.level)]:
        yield f"Rule `{name}` is {after.level}, no longer {before.level}."
    if after.level == "disabled":
        return
    for bound in sorted({*before.bounds, *after.bounds}):
        old, new = before.bounds.get(bound), after.bounds.get(bound)
        if old != new and not _is_lower(old, new):
            yield f"Rule `{name}`: `{bound}` {both_values(old, new)}"


def _severity(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def _is_lower(before: Any, after: Any) -> bool:
    """Return True where a bound is an amount that falls.

    A changed list is not judged, since it may relax either way.
    """
    try:
        return quantity(str(after)) < quantity(str(before))
    except ValueError:
        return False


def setting_relaxations(before: Config, after: Config) -> tuple[str, ...]:
    """Return the settings that are weaker on the new side, defaults included; none for a new stack."""
    if not before or not after:
        return ()
    try:
        old, new = _effective(before), _effective(after)
    except SettingsError:  # the CA's own stack, or settings that the other side's program knows
        old, new = _written(before), _written(after)
    return tuple(
        f"`{path}`{_values(was, now)}: {weakness.means}."
        for weakness in WEAKNESSES
        for path in _paths(weakness.path, old, new)
        if weakness.is_weaker(was := _at(old, path), now := _at(new, path))
    )


def _paths(path: str, old: Config, new: Config) -> Iterator[str]:
    """Yield the path; with a `*`, one path for each entry that both sides have: a new one relaxes nothing."""
    before, star, after = path.partition("*")
    entries = (_at(side, before.rstrip(".")) or {} for side in (old, new))
    yield from (f"{before}{name}{after}" for name in sorted(set.intersection(*map(set, entries)))) if star else (path,)


def _values(before: Any, after: Any) -> str:
    """Return both values where they fit on a line; the section of the settings shows the others."""
    return "" if isinstance(after, dict | list) else f" {both_values(before, after)}"


def code_relaxations(files: Iterable[str]) -> tuple[str, ...]:
    """Return a line for each changed file that judges a pull request or writes the comment."""
    lines = []
    for name in files:
        if name.startswith(JUDGES):
            lines.append(f"{code(name)} changes: review what its rule forbids now; this comment uses the base's rule.")
        elif name.startswith(MESSENGERS):
            lines.append(f"{code(name)} changes: the changed program wrote this comment.")
    return tuple(lines)


def _effective(config: Config) -> dict[str, Any]:
    return parse(plain_values(config)).model_dump(mode="json", by_alias=True)


def _written(config: Config) -> dict[str, Any]:
    return {key.removeprefix(f"{PROJECT}:"): value for key, value in config.items()}


def _at(tree: Any, path: str) -> Any:
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree
