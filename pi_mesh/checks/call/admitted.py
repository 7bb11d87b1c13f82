"""The AuthorizationPolicies of the called pods must admit the caller: first CUSTOM, then DENY, then ALLOW.

https://istio.io/latest/docs/concepts/security/#implicit-enablement
"""

from collections.abc import Iterator

from pi_mesh.checks.call import encrypted
from pi_mesh.checks.call.described import Call, Callee
from pi_mesh.checks.call.rule_match import Match, Rules
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown, warning
from pi_mesh.checks.policy_words import managed, subject_of
from pi_mesh.checks.verify.access_rules import action_of
from pi_mesh.checks.verify.encryption import left_out
from pi_mesh.cluster.policies import Policy
from pi_mesh.counts import first_of
from pi_mesh.values.traffic.authorization import DRY_RUN

ID = "access"
SHOWN = 5
FIX = "add a rule for this caller to traffic.authorization"
SOME = "depends on the request: its path, method, host, headers or token"


def check(call: Call) -> Iterator[Finding]:
    plain = encrypted.plain(call)
    guarded = [one for one in call.callees if one.pod.has_sidecar and not left_out(one.pod.annotations)]
    found = dict.fromkeys(finding for one in guarded for finding in _judged(call, one, plain))
    yield from found
    if call.callees and not found:
        how = "every caller" if not guarded else "this caller"
        yield ok(ID, call.subject, f"the policies of the called pods admit {how}")


def _judged(call: Call, callee: Callee, plain: str) -> Iterator[Finding]:
    rules = Rules(call, callee, identified=not plain and call.caller.has_sidecar)
    enforced = [
        policy
        for policy in call.selecting("AuthorizationPolicy", callee.pod)
        if policy.annotations.get(DRY_RUN) != "true"
    ]
    by_action = {
        action: [one for one in enforced if action_of(one) == action] for action in ("CUSTOM", "DENY", "ALLOW")
    }
    for policy in by_action["CUSTOM"]:
        if _match(rules, policy):
            yield unknown(ID, subject_of(policy), "lets its provider decide about the call", "ask the provider")
    for policy in by_action["DENY"]:
        matched = _match(rules, policy)
        if matched is Match.YES:
            yield error(ID, subject_of(policy), f"denies the call; {managed(policy)}", "narrow or remove its rule")
        elif matched is Match.SOME:
            yield warning(ID, subject_of(policy), f"may deny the call: it {SOME}", "see its rules")
    if allows := by_action["ALLOW"]:
        yield from _allowed(rules, allows, plain)


def _allowed(rules: Rules, allows: list[Policy], plain: str) -> Iterator[Finding]:
    matched = {policy.key: _match(rules, policy) for policy in allows}
    best = max(matched.values())
    if best is Match.YES:
        return
    names = first_of([f"{one.namespace}/{one.name}" for one in allows], SHOWN)
    first, *others = allows
    subject = Subject("AuthorizationPolicies", names) if others else subject_of(first)
    if best is Match.SOME:
        likely = next(one for one in allows if matched[one.key] is Match.SOME)
        yield warning(ID, subject_of(likely), f"may admit the call, and no other does: it {SOME}", "see its rules")
        return
    verb = "have" if others else "has"
    without = f", which has no identity: {plain}" if plain else ""
    yield error(ID, subject, f"{verb} no rule that admits the caller{without}", FIX)


def _match(rules: Rules, policy: Policy) -> Match:
    denies = action_of(policy) != "ALLOW"
    return max((rules.match(rule or {}, denies) for rule in policy.spec.get("rules") or []), default=Match.NO)
