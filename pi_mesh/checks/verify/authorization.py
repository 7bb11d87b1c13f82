"""AuthorizationPolicies in the cluster must not open or cut access beyond the settings, whoever created them."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Level, error, ok, unknown, warning
from pi_mesh.checks.policy_words import managed, subject_of
from pi_mesh.checks.verify.access_rules import action_of, effect
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.checks.verify.selection import (
    finding_of,
    in_words,
    is_as_asked,
    is_ours,
    labels_of,
    own_namespaces,
    remedy,
    selected,
    wanted,
    workloads_subject,
)
from pi_mesh.cluster.policies import Policy
from pi_mesh.counts import counted
from pi_mesh.values.traffic.authorization import DRY_RUN

ID = "access"
POLICY, TOKENS = "AuthorizationPolicy", "RequestAuthentication"
SETTING = "traffic.authorization.policies"


def check(seen: VerificationInput) -> Iterator[Finding]:
    where = workloads_subject(seen)
    if unreadable := [kind for kind in (POLICY, TOKENS) if kind in seen.policies.unreadable]:
        message = f"was not judged: {', '.join(unreadable)} may not be listed"
        yield unknown(ID, where, message, "ask for the right to list them")
        return
    bearing = [policy for policy in seen.policies.of_kind(POLICY) if policy.namespace in own_namespaces(seen)]
    asked = [policy for policy in bearing if is_as_asked(seen, policy) and _is_dry_run(policy) == _tried(seen, policy)]
    others = [policy for policy in bearing if policy not in asked]
    findings = [*_policies(seen, bearing, others), *_tokens(seen)]
    yield from findings
    if not any(finding.level is Level.ERROR for finding in findings):
        count = counted(len(asked), "policy is", "policies are")
        asks = f"{count} as the settings ask" if asked else "the settings ask for no policy"
        more = "" if findings else ", and no other bears on this stack's workloads"
        yield ok(ID, where, f"{asks}{more}", number=len(asked))


def _policies(seen: VerificationInput, bearing: list[Policy], others: list[Policy]) -> Iterator[Finding]:
    enforced = [policy for policy in bearing if not _is_dry_run(policy)]
    for policy in others:
        allows = [entry for entry in enforced if entry is not policy and _overlaps(entry, policy)]
        found = _finding(seen, policy, guarded=any(action_of(entry) == "ALLOW" for entry in allows))
        if found:
            yield found


def _finding(seen: VerificationInput, policy: Policy, guarded: bool) -> Finding | None:
    ours = is_ours(seen, policy)
    if _is_dry_run(policy):
        message = f"is marked {DRY_RUN}: Istio does not enforce it"
        return error(ID, subject_of(policy), message, remedy(seen, policy)) if ours else None
    if _tried(seen, policy):
        message = f"is enforced, and the settings ask for an audit ({DRY_RUN})"
        return error(ID, subject_of(policy), message, remedy(seen, policy))
    judged = effect(policy, guarded)
    return finding_of(ID, seen, policy, judged, SETTING) if ours or judged[0] is not Level.OK else None


def _tokens(seen: VerificationInput) -> Iterator[Finding]:
    for policy in seen.policies.of_kind(TOKENS):
        issuers = [rule.get("issuer", "any") for rule in policy.spec.get("jwtRules") or []]
        if policy.namespace in own_namespaces(seen) and issuers and not is_as_asked(seen, policy):
            where = in_words(selected(seen, policy))
            what = f"refuses requests whose token is not valid for {', '.join(issuers)}; it selects {where}"
            yield warning(ID, subject_of(policy), f"{what}; {managed(policy)}", remedy(seen, policy))


def _tried(seen: VerificationInput, policy: Policy) -> bool:
    """Return True for a policy that the settings ask for as a dry run."""
    metadata = (wanted(seen, policy) or {}).get("metadata") or {}
    return (metadata.get("annotations") or {}).get(DRY_RUN) == "true"


def _is_dry_run(policy: Policy) -> bool:
    return policy.annotations.get(DRY_RUN) == "true"


def _overlaps(one: Policy, other: Policy) -> bool:
    """Return True if both policies may apply to one workload: neither needs another value of the same label."""
    first, second = labels_of(one), labels_of(other)
    return all(second.get(key, value) == value for key, value in first.items())
