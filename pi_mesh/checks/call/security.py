"""The called pods must accept the call: its encryption, and its caller by their AuthorizationPolicies."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum, auto
from ipaddress import ip_address, ip_network
from typing import Any

from pi_mesh.checks.call import routing
from pi_mesh.checks.call.call import LOCAL, Call, Callee
from pi_mesh.checks.finding import Finding, Subject, error, ok, subject_of, unknown, warning
from pi_mesh.checks.verify.access import action_of
from pi_mesh.checks.verify.mutual_tls import left_out
from pi_mesh.cluster.policies import Policy
from pi_mesh.settings.traffic.names import fits, full_name, takes
from pi_mesh.values.traffic.authorization import DRY_RUN
from pi_mesh.words import listed

MUTUAL_TLS = "mutual TLS"


def check_encryption(call: Call) -> Iterator[Finding]:
    if not call.callees:
        return
    rule, reason = _rule(call), plain_text_reason(call)
    problems = [_refused(call, callee, reason) if reason else _unserved(call, callee, rule) for callee in call.callees]
    causes = list(dict.fromkeys(problem for problem in problems if problem))
    yield from causes
    if not causes:
        message = f"is accepted in plain text, because {reason}" if reason else "is no obstacle"
        yield ok(MUTUAL_TLS, call.subject, message)


def plain_text_reason(call: Call) -> str:
    """Return why the call is in plain text, and so has no identity; empty for mutual TLS."""
    if not call.caller.has_sidecar:
        return "the caller has no sidecar"
    rule = _rule(call)
    if hiding := routing.hidden_by(call):
        return f"{hiding.kind} {hiding.id} keeps the Service from the caller's sidecar"
    if rule and _mode(rule, call.port.number) == "DISABLE":
        return f"{rule.kind} {rule.id} has tls DISABLE"
    if (call.policies.mesh_config or {}).get("enableAutoMtls") is False and not rule:
        return "meshConfig.enableAutoMtls is false"
    return ""


def _rule(call: Call) -> Policy | None:
    """Return the DestinationRule with the caller's TLS mode: the caller's namespace's, the Service's, or the root's."""
    hosts = [(rule, str(rule.spec.get("host", ""))) for rule in call.policies.of_kind("DestinationRule")]
    rules = [rule for rule, host in hosts if call.host and takes(full_name(host, rule.namespace), call.host)]
    homes = (call.caller.namespace, call.namespace, call.policies.root_namespace)
    near = (rule for home in homes for rule in rules if rule.namespace == home)
    return next((rule for rule in near if _mode(rule, call.port.number)), None)


def _mode(rule: Policy, port: int) -> str:
    policy = rule.spec.get("trafficPolicy") or {}
    levels = policy.get("portLevelSettings") or []
    of_port = [entry for entry in levels if (entry.get("port") or {}).get("number") == port]
    tls = next((entry["tls"] for entry in (*of_port, policy) if entry.get("tls") is not None), None)
    return "" if tls is None else tls.get("mode", "DISABLE")


def _refused(call: Call, callee: Callee, reason: str) -> Finding | None:
    """Return the error for a plain-text call to a port that takes mutual TLS alone."""
    is_open = not callee.pod.has_sidecar or left_out(callee.pod.annotations)
    if is_open or call.modes.mode(callee.pod, callee.port) != "STRICT":
        return None
    policy = call.modes.deciding(callee.pod, callee.port)
    subject = subject_of(policy) if policy else Subject("PeerAuthentication")
    fix = "give the caller a sidecar, or list the called workload under traffic.legacy"
    if call.caller.has_sidecar:
        fix = "correct what takes mutual TLS from the caller"
    return error(MUTUAL_TLS, subject, f"is STRICT, and refuses the call's plain text: {reason}", fix)


def _unserved(call: Call, callee: Callee, rule: Policy | None) -> Finding | None:
    """Return the error for mutual TLS that a DestinationRule asks for and nobody serves."""
    if rule is None or _mode(rule, call.port.number) != "ISTIO_MUTUAL":
        return None
    if callee.pod.has_sidecar and call.modes.mode(callee.pod, callee.port) != "DISABLE":
        return None
    what = "has no sidecar" if not callee.pod.has_sidecar else "takes plain text alone (PeerAuthentication DISABLE)"
    fix = "remove its tls: Istio finds out by itself where it can be used"
    return error(MUTUAL_TLS, subject_of(rule), f"asks for mutual TLS, and pod {callee.pod.name} {what}", fix)


# The match of a rule of an AuthorizationPolicy with a call: yes, no, or some of its requests.
# https://istio.io/latest/docs/reference/config/security/authorization-policy/


class Match(IntEnum):
    """The answer of a condition; all of several conditions match as the least of them, any as the greatest."""

    NO = 0
    SOME = auto()
    """The condition depends on the request: its path, method, host, headers or token."""
    YES = auto()


OF_HTTP = ("hosts", "methods", "paths")
"""Fields of an operation about HTTP."""
SAME_AS = {
    "source.namespace": "namespaces",
    "source.principal": "principals",
    "source.ip": "ipBlocks",
    "destination.port": "ports",
}
"""Keys of `when` that ask the same as a field of `from` or `to`."""


class Rules:
    """The rules that a call to one pod meets."""

    def __init__(self, call: Call, callee: Callee, identified: bool) -> None:
        """Judge for a caller that shows a certificate, or for one in plain text."""
        caller, pod, self._is_http = call.caller, callee.pod, call.port.is_http
        namespace, principal = (caller.namespace, call.principal) if identified else ("", "")
        account = f"{namespace}/{caller.service_account}" if identified else ""
        self._tests: dict[str, Callable[[str], bool]] = {
            # In every policy LOCAL stands for the mesh's own trust domain too.
            "principals": lambda value: _fits(value, principal, principal and f"{LOCAL}/{principal.partition('/')[2]}"),
            "namespaces": lambda value: _fits(value, namespace),
            # One without a namespace is of the policy's pod's.
            "serviceAccounts": lambda value: account != "" and account in (value, f"{pod.namespace}/{value}"),
            "ipBlocks": lambda value: _within(caller.address, value),
            "ports": lambda value: value == str(callee.port),
            "destination.ip": lambda value: _within(pod.address, value),
        }

    def match(self, rule: Mapping[str, Any], denies: bool) -> Match:
        """Return how a rule matches. Conditions about HTTP never allow a call by TCP, nor narrow a denial of it."""
        sources = [(entry or {}).get("source") or {} for entry in rule.get("from") or [{}]]
        operations = [(entry or {}).get("operation") or {} for entry in rule.get("to") or [{}]]
        when = _all(self._of_condition(condition, denies) for condition in rule.get("when") or [])
        return min(self._any(sources, denies), self._any(operations, denies), when)

    def _any(self, entries: Iterable[Mapping[str, list[str]]], denies: bool) -> Match:
        return max(_all(self._of_field(key, values, denies) for key, values in entry.items()) for entry in entries)

    def _of_field(self, key: str, values: list[str], denies: bool) -> Match:
        # `notPorts` is the opposite of `ports`.
        name = f"{key[3].lower()}{key[4:]}" if key.startswith("not") else key
        if name not in self._tests:
            return self._http(denies) if name in OF_HTTP else Match.SOME
        return Match.YES if any(map(self._tests[name], values)) != (key != name) else Match.NO

    def _of_condition(self, condition: Mapping[str, Any], denies: bool) -> Match:
        key: str = condition.get("key", "")
        test = self._tests.get(SAME_AS.get(key, key))
        if test is None:
            return self._http(denies) if key.startswith("request.") else Match.SOME
        given, denied = condition.get("values") or [], condition.get("notValues") or []
        return Match.YES if (not given or any(map(test, given))) and not any(map(test, denied)) else Match.NO

    def _http(self, denies: bool) -> Match:
        """Return the match of a condition about HTTP; a denying rule ignores it where there is no HTTP."""
        if self._is_http:
            return Match.SOME
        return Match.YES if denies else Match.NO


def _all(matches: Iterable[Match]) -> Match:
    return min(matches, default=Match.YES)


def _fits(pattern: str, *values: str) -> bool:
    """Return True if a pattern with a `*` at one end fits one of these values; nothing fits an empty value."""
    return any(fits(pattern, value) for value in values if value)


def _within(address: str, block: str) -> bool:
    return bool(address) and ip_address(address) in ip_network(block, strict=False)


# The AuthorizationPolicies of the called pods must admit the caller: first CUSTOM, then DENY, then ALLOW.
# https://istio.io/latest/docs/concepts/security/#implicit-enablement

ACCESS = "access"
SHOWN = 5
ACCESS_FIX = "add a rule for this caller to traffic.authorization"
SOME = "depends on the request: its path, method, host, headers or token"


def check_access(call: Call) -> Iterator[Finding]:
    plain = plain_text_reason(call)
    guarded = [callee for callee in call.callees if callee.pod.has_sidecar and not left_out(callee.pod.annotations)]
    findings = dict.fromkeys(finding for callee in guarded for finding in _policy_findings(call, callee, plain))
    yield from findings
    if call.callees and not findings:
        how = "every caller" if not guarded else "this caller"
        yield ok(ACCESS, call.subject, f"the policies of the called pods admit {how}")


def _policy_findings(call: Call, callee: Callee, plain: str) -> Iterator[Finding]:
    rules = Rules(call, callee, identified=not plain and call.caller.has_sidecar)
    by_action: dict[str, list[Policy]] = defaultdict(list)
    for policy in call.selecting("AuthorizationPolicy", callee.pod):
        if policy.annotations.get(DRY_RUN) != "true":
            by_action[action_of(policy)].append(policy)
    for policy in by_action["CUSTOM"]:
        if _match(rules, policy):
            message = f"asks {(policy.spec.get('provider') or {}).get('name')}, on whose answer the call depends"
            yield unknown(ACCESS, subject_of(policy), message, "see the log of that authorizer")
    for policy in by_action["DENY"]:
        matched = _match(rules, policy)
        if matched is Match.YES:
            yield error(ACCESS, subject_of(policy), f"denies the call; {policy.managed}", "narrow or remove its rule")
        elif matched is Match.SOME:
            yield warning(ACCESS, subject_of(policy), f"may deny the call: it {SOME}", "see its rules")
    if allows := by_action["ALLOW"]:
        yield from _allowed(rules, allows, plain)


def _allowed(rules: Rules, allows: list[Policy], plain: str) -> Iterator[Finding]:
    matched = {policy.key: _match(rules, policy) for policy in allows}
    best = max(matched.values())
    if best is Match.YES:
        return
    names = listed([policy.id for policy in allows], SHOWN)
    first, *others = allows
    subject = Subject("AuthorizationPolicies", names) if others else subject_of(first)
    if best is Match.SOME:
        likely = next(policy for policy in allows if matched[policy.key] is Match.SOME)
        yield warning(ACCESS, subject_of(likely), f"may admit the call, and no other does: it {SOME}", "see its rules")
        return
    verb = "have" if others else "has"
    without = f", which has no identity: {plain}" if plain else ""
    yield error(ACCESS, subject, f"{verb} no rule that admits the caller{without}", ACCESS_FIX)


def _match(rules: Rules, policy: Policy) -> Match:
    denies = action_of(policy) != "ALLOW"
    return max((rules.match(rule or {}, denies) for rule in policy.spec.get("rules") or []), default=Match.NO)
