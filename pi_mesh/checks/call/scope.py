"""The caller's proxy must know the called Service: a Sidecar says of which hosts it learns."""

from collections.abc import Iterator

from pi_mesh.checks.call.described import Call
from pi_mesh.checks.finding import Finding, error, ok, warning
from pi_mesh.checks.policy_words import subject_of
from pi_mesh.checks.verify.selection import labels_of
from pi_mesh.cluster.policies import Policy

ID = "sidecar scope"


def check(call: Call) -> Iterator[Finding]:
    if not call.caller.has_sidecar or not call.service:
        return
    hiding = hidden_by(call)
    if hiding is None:
        yield ok(ID, call.subject, f"the caller's sidecar learns of {call.to}")
        return
    fix = f'add "{call.namespace}/*" to its egress hosts (`sidecarScope`)'
    if outbound(call, hiding) == "REGISTRY_ONLY":
        message = f"does not have {call.to} among its hosts, so the caller's sidecar refuses the call (REGISTRY_ONLY)"
        yield error(ID, subject_of(hiding), message, fix)
    else:
        message = f"does not have {call.to} among its hosts, so the caller's sidecar sends the call in plain text"
        yield warning(ID, subject_of(hiding), message, fix)


def hidden_by(call: Call) -> Policy | None:
    """Return the Sidecar that keeps the called Service from the caller's proxy; None if nothing does."""
    applied = applying(call)
    if applied is None or not call.service:
        return None
    egress = applied.spec.get("egress") or []
    hosts = [host for entry in egress for host in entry.get("hosts") or []]
    return None if not egress or any(_covers(call, host) for host in hosts) else applied


def applying(call: Call) -> Policy | None:
    """Return the Sidecar of the caller: its own, else its namespace's, else the root namespace's."""
    every, caller = call.policies.of_kind("Sidecar"), call.caller
    of_namespace = [one for one in every if one.namespace == caller.namespace]
    own = [one for one in of_namespace if (chosen := labels_of(one)) and chosen.items() <= caller.labels.items()]
    wide = [one for one in of_namespace if not labels_of(one)]
    root = [one for one in every if one.namespace == call.policies.root_namespace and not labels_of(one)]
    return next(iter([*own, *wide, *root]), None)


def outbound(call: Call, sidecar: Policy | None) -> str:
    """Return the policy for hosts that the caller's proxy does not know."""
    given = sidecar.spec.get("outboundTrafficPolicy") if sidecar else None
    chosen = given or (call.policies.mesh_config or {}).get("outboundTrafficPolicy") or {}
    return chosen.get("mode") or "ALLOW_ANY"


def _covers(call: Call, host: str) -> bool:
    namespace, _, name = host.partition("/")
    here = "." if call.namespace == call.caller.namespace else call.namespace
    if namespace not in ("*", call.namespace, here):
        return False
    return name == "*" or name == call.host or (name.startswith("*.") and call.host.endswith(name.removeprefix("*")))
