"""The called port must accept the call's encryption: mutual TLS, or plain text."""

from collections.abc import Iterator

from pi_mesh.checks.call import scope
from pi_mesh.checks.call.described import Call, Callee
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.policy_words import subject_of
from pi_mesh.checks.verify.encryption import left_out
from pi_mesh.cluster.policies import Policy
from pi_mesh.settings.traffic.names import full_name, takes

ID = "mutual TLS"


def check(call: Call) -> Iterator[Finding]:
    if not call.callees:
        return
    rule = _rule(call)
    reason = _plain(call, rule)
    problems = [_refused(call, callee, reason) if reason else _unserved(call, callee, rule) for callee in call.callees]
    found = list(dict.fromkeys(problem for problem in problems if problem))
    yield from found
    if not found:
        yield ok(ID, call.subject, f"is accepted in plain text, because {reason}" if reason else "is no obstacle")


def plain(call: Call) -> str:
    """Return why the call is in plain text, and so has no identity; empty for mutual TLS."""
    return _plain(call, _rule(call))


def _plain(call: Call, rule: Policy | None) -> str:
    if not call.caller.has_sidecar:
        return "the caller has no sidecar"
    if hiding := scope.hidden_by(call):
        return f"{hiding.kind} {hiding.namespace}/{hiding.name} keeps the Service from the caller's sidecar"
    if rule and _mode(rule, call.port.number) == "DISABLE":
        return f"{rule.kind} {rule.namespace}/{rule.name} has tls DISABLE"
    if (call.policies.mesh_config or {}).get("enableAutoMtls") is False and not rule:
        return "meshConfig.enableAutoMtls is false"
    return ""


def _rule(call: Call) -> Policy | None:
    """Return the DestinationRule with the caller's TLS mode: the caller's namespace's, the Service's, or the root's."""
    rules = [rule for rule in call.policies.of_kind("DestinationRule") if _is_of(call, rule)]
    for home in (call.caller.namespace, call.namespace, call.policies.root_namespace):
        for rule in rules:
            if rule.namespace == home and _mode(rule, call.port.number):
                return rule
    return None


def _is_of(call: Call, rule: Policy) -> bool:
    return bool(call.host) and takes(full_name(str(rule.spec.get("host", "")), rule.namespace), call.host)


def _mode(rule: Policy, port: int) -> str:
    policy = rule.spec.get("trafficPolicy") or {}
    of_port = [one for one in policy.get("portLevelSettings") or [] if (one.get("port") or {}).get("number") == port]
    tls = next((one["tls"] for one in (*of_port, policy) if one.get("tls") is not None), None)
    return "" if tls is None else tls.get("mode", "DISABLE")


def _refused(call: Call, callee: Callee, reason: str) -> Finding | None:
    """Return the error for a plain-text call to a port that takes mutual TLS alone."""
    if not callee.pod.has_sidecar or left_out(callee.pod.annotations):
        return None
    if call.modes.mode(callee.pod, callee.port) != "STRICT":
        return None
    policy = call.modes.deciding(callee.pod, callee.port)
    subject = subject_of(policy) if policy else Subject("PeerAuthentication")
    fix = "give the caller a sidecar, or list the called workload under traffic.legacy"
    if call.caller.has_sidecar:
        fix = "correct what takes mutual TLS from the caller"
    return error(ID, subject, f"is STRICT, and refuses the call's plain text: {reason}", fix)


def _unserved(call: Call, callee: Callee, rule: Policy | None) -> Finding | None:
    """Return the error for mutual TLS that a DestinationRule asks for and nobody serves."""
    if rule is None or _mode(rule, call.port.number) != "ISTIO_MUTUAL":
        return None
    serves = callee.pod.has_sidecar and call.modes.mode(callee.pod, callee.port) != "DISABLE"
    if serves:
        return None
    what = "has no sidecar" if not callee.pod.has_sidecar else "takes plain text alone (PeerAuthentication DISABLE)"
    message = f"asks for mutual TLS, and pod {callee.pod.name} {what}"
    return error(ID, subject_of(rule), message, "remove its tls: Istio finds out by itself where it can be used")
