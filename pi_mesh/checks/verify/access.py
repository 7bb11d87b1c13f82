"""AuthorizationPolicies in the cluster must not open or cut access beyond the settings, whoever created them."""

from collections.abc import Iterator, Mapping
from typing import Any

from pi_mesh.checks.finding import Finding, Level, error, ok, subject_of, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.policy_targets import (
    Effect,
    finding_of,
    is_as_asked,
    is_of_stack,
    own_namespaces,
    pods_in_words,
    remedy,
    selected,
    wanted_manifest,
    workloads_subject,
)
from pi_mesh.cluster.policies import Policy
from pi_mesh.selectors import may_share_pods
from pi_mesh.values.traffic.authorization import DRY_RUN
from pi_mesh.words import counted, listed

ID = "access"
POLICY, TOKENS = "AuthorizationPolicy", "RequestAuthentication"
SETTING = "traffic.authorization.policies"


def check(observation: Observation) -> Iterator[Finding]:
    where = workloads_subject(observation)
    if unreadable := [kind for kind in (POLICY, TOKENS) if kind in observation.policies.unreadable]:
        message = f"was not judged: {', '.join(unreadable)} may not be listed"
        yield unknown(ID, where, message, "ask for the right to list them")
        return
    homes = own_namespaces(observation)
    bearing = [policy for policy in observation.policies.of_kind(POLICY) if policy.namespace in homes]
    as_asked = (policy for policy in bearing if is_as_asked(observation, policy))
    asked = [policy for policy in as_asked if _is_dry_run(policy) == _tried(observation, policy)]
    others = [policy for policy in bearing if policy not in asked]
    findings = [*_policies(observation, bearing, others), *_tokens(observation)]
    yield from findings
    if not any(finding.level is Level.ERROR for finding in findings):
        count = counted(len(asked), "policy is", "policies are")
        asks = f"{count} as the settings ask" if asked else "the settings ask for no policy"
        more = "" if findings else ", and no other bears on this stack's workloads"
        yield ok(ID, where, f"{asks}{more}", number=len(asked))


def _policies(observation: Observation, bearing: list[Policy], others: list[Policy]) -> Iterator[Finding]:
    allows = [policy for policy in bearing if not _is_dry_run(policy) and action_of(policy) == "ALLOW"]
    for policy in others:
        guarded = any(entry is not policy and _overlaps(entry, policy) for entry in allows)
        if finding := _policy_finding(observation, policy, guarded):
            yield finding


def _policy_finding(observation: Observation, policy: Policy, guarded: bool) -> Finding | None:
    ours = is_of_stack(observation, policy)
    if _is_dry_run(policy):
        message = f"is marked {DRY_RUN}: Istio does not enforce it"
        return error(ID, subject_of(policy), message, remedy(observation, policy)) if ours else None
    if _tried(observation, policy):
        message = f"is enforced, and the settings ask for an audit ({DRY_RUN})"
        return error(ID, subject_of(policy), message, remedy(observation, policy))
    judged = access_effect(policy, guarded)
    return finding_of(ID, observation, policy, judged, SETTING) if ours or judged[0] is not Level.OK else None


def _tokens(observation: Observation) -> Iterator[Finding]:
    for policy in observation.policies.of_kind(TOKENS):
        issuers = [rule.get("issuer", "any") for rule in policy.spec.get("jwtRules") or []]
        if policy.namespace in own_namespaces(observation) and issuers and not is_as_asked(observation, policy):
            where = pods_in_words(selected(observation, policy))
            what = f"refuses requests whose token is not valid for {', '.join(issuers)}; it selects {where}"
            yield warning(ID, subject_of(policy), f"{what}; {policy.managed}", remedy(observation, policy))


def _tried(observation: Observation, policy: Policy) -> bool:
    """Return True for a policy that the settings ask for as a dry run."""
    metadata = (wanted_manifest(observation, policy) or {}).get("metadata") or {}
    return (metadata.get("annotations") or {}).get(DRY_RUN) == "true"


def _is_dry_run(policy: Policy) -> bool:
    return policy.annotations.get(DRY_RUN) == "true"


def _overlaps(policy: Policy, other: Policy) -> bool:
    """Return True if both policies may apply to one workload."""
    if policy.targets or other.targets:
        return any(target in other.targets for target in policy.targets)
    return may_share_pods(policy.selected_labels, other.selected_labels)


# Effects of AuthorizationPolicies in words, each with the level for a policy that nobody asked for.
# https://istio.io/latest/docs/reference/config/security/authorization-policy/

CALLERS = ("principals", "namespaces", "serviceAccounts", "requestPrincipals", "ipBlocks", "remoteIpBlocks")
EVERYBODY = ("*", "0.0.0.0/0", "::/0")
SHOWN = 3


def action_of(policy: Policy) -> str:
    """Return ALLOW, DENY, AUDIT or CUSTOM."""
    return policy.spec.get("action") or "ALLOW"


def access_effect(policy: Policy, guarded: bool) -> Effect:
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
    if not rules and guarded:
        return Level.WARNING, "allows nothing, which other policies already refuse"
    if not rules:
        return Level.ERROR, "allows nothing, so it refuses every call"
    open_rules = [rule for rule in rules if _from_everybody(rule)]
    if any(not _narrowed(rule) for rule in open_rules):
        words = "allows every call from everybody"
        return (Level.ERROR, words) if guarded else (Level.WARNING, f"{words}, and so will undo any default deny")
    if open_rules:
        return Level.WARNING, "allows some calls (by its `to` or `when`) from everybody"
    return Level.WARNING, f"{'also lets in' if guarded else 'refuses all callers but'} {_callers(rules)}"


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
    return not rule.get("from") or any(
        all(key in CALLERS and set(values) & set(EVERYBODY) for key, values in source.items())
        for source in _sources_of(rule)
    )


def _sources_of(rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [(entry or {}).get("source") or {} for entry in rule.get("from") or []]


def _narrowed(rule: Mapping[str, Any]) -> bool:
    """Return True for a rule that matches only some of the calls."""
    operations = [(entry or {}).get("operation") or {} for entry in rule.get("to") or []]
    return bool(rule.get("when")) or (bool(operations) and all(operations))


def _callers(rules: list[Mapping[str, Any]]) -> str:
    sources = (source for rule in rules for source in _sources_of(rule))
    return listed((f"{key} {', '.join(values)}" for source in sources for key, values in source.items()), SHOWN, "; ")
