"""Effects of AuthorizationPolicies in words, each with the level for a policy that nobody asked for.

https://istio.io/latest/docs/reference/config/security/authorization-policy/
"""

from collections.abc import Mapping
from typing import Any

from pi_mesh.checks.finding import Level
from pi_mesh.cluster.policies import Policy
from pi_mesh.counts import first_of

CALLERS = ("principals", "namespaces", "serviceAccounts", "requestPrincipals", "ipBlocks", "remoteIpBlocks")
EVERYBODY = ("*", "0.0.0.0/0", "::/0")
SHOWN = 3

Effect = tuple[Level, str]


def action_of(policy: Policy) -> str:
    """Return ALLOW, DENY, AUDIT or CUSTOM."""
    return policy.spec.get("action") or "ALLOW"


def effect(policy: Policy, guarded: bool) -> Effect:
    """Return the level and the words; `guarded` if another ALLOW applies, so that the workloads refuse others."""
    rules = policy.spec.get("rules") or []
    match action_of(policy):
        case "ALLOW":
            return _allow(rules, guarded)
        case "DENY":
            return _deny(rules)
        case "CUSTOM":
            provider = (policy.spec.get("provider") or {}).get("name", "")
            return Level.WARNING, f"lets the provider {provider} decide about calls"
        case _:
            return Level.OK, "only logs calls"


def _allow(rules: list[Mapping[str, Any]], guarded: bool) -> Effect:
    if not rules:
        return (
            (Level.WARNING, "allows nothing, which other policies already refuse")
            if guarded
            else (Level.ERROR, "allows nothing, so it refuses every call")
        )
    open_rules = [rule for rule in rules if _from_everybody(rule)]
    if any(not _narrowed(rule) for rule in open_rules):
        words = "allows every call from everybody"
        return (Level.ERROR, words) if guarded else (Level.WARNING, f"{words}, and so will undo any default deny")
    if open_rules:
        return Level.WARNING, "allows some calls (by its `to` or `when`) from everybody"
    verb = "also lets in" if guarded else "refuses all callers but"
    return Level.WARNING, f"{verb} {_callers(rules)}"


def _deny(rules: list[Mapping[str, Any]]) -> Effect:
    if not rules:
        return Level.OK, "denies nothing"
    if any(_from_everybody(rule) and not _narrowed(rule) for rule in rules):
        return Level.ERROR, "refuses every call"
    if any(_from_everybody(rule) for rule in rules):
        return Level.WARNING, "refuses some calls (by its `to` or `when`) from everybody"
    return Level.WARNING, f"refuses calls from {_callers(rules)}"


def _from_everybody(rule: Mapping[str, Any]) -> bool:
    """Return True for a rule whose `from` is missing, or has a source that matches anybody."""
    sources = [(entry or {}).get("source") or {} for entry in rule.get("from") or []]
    return not sources or any(_is_everybody(source) for source in sources)


def _is_everybody(source: Mapping[str, Any]) -> bool:
    return all(key in CALLERS and set(values) & set(EVERYBODY) for key, values in source.items())


def _narrowed(rule: Mapping[str, Any]) -> bool:
    """Return True for a rule that matches only some of the calls."""
    operations = [(entry or {}).get("operation") or {} for entry in rule.get("to") or []]
    return bool(rule.get("when")) or (bool(operations) and all(operations))


def _callers(rules: list[Mapping[str, Any]]) -> str:
    names: list[str] = []
    for rule in rules:
        for entry in rule.get("from") or []:
            source = (entry or {}).get("source") or {}
            names += [f"{key} {', '.join(values)}" for key, values in source.items()]
    return first_of(names, SHOWN, "; ")
