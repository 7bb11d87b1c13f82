"""Callers in plain text have no identity: rules do not match them, STRICT cuts them off, a narrow scope makes them."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, ok, refused_next, setting, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.selectors import matches
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.authorization import AccessPolicy
from pi_mesh.values.traffic.authorization import policies

ID = "plain text callers"
Labels = dict[str, str]


def check_rules(observation: Observation) -> Iterator[Finding]:
    yield from _denials(observation)
    for namespace in observation.settings.workload_namespaces:
        if namespace.default_deny.enabled:
            yield from _locked_out(observation, namespace)


def _denials(observation: Observation) -> Iterator[Finding]:
    for name, policy in observation.settings.traffic.authorization.policies.items():
        rules = [str(number) for number, rule in enumerate(policy.rules) if rule.needs_identity]
        if policy.action == "DENY" and rules and (key := _plain_text(observation, policy)):
            denied, gap = f"rules[{'], rules['.join(rules)}]", "a caller in plain text has no identity: it gets through"
            message = f"denies by caller ({denied}), but {key} accepts plain text, and {gap}"
            fix = "deny by paths, methods or ports, or replace it with an ALLOW for the permitted callers"
            yield refused_next(ID, setting(f"traffic.authorization.policies.{name}"), message, fix)


def _plain_text(observation: Observation, policy: AccessPolicy) -> str:
    """Return the key by which a workload of the policy accepts plain text; empty if none does."""
    if observation.settings.mtls.mode != "STRICT":
        return f"mtls.mode {observation.settings.mtls.mode}"
    home = observation.settings.namespace_of(policy)
    for name, legacy in observation.settings.traffic.legacy.items():
        here = observation.settings.namespace_of(legacy) == home
        if here and _share_a_pod(observation.snapshot, home, policy.selector or {}, legacy.selector):
            return f"traffic.legacy.{name}"
    return ""


def _locked_out(observation: Observation, namespace: WorkloadNamespace) -> Iterator[Finding]:
    settings, home = observation.settings, namespace.name
    allows = (policy for policy in policies(settings, namespace).values() if policy.action == "ALLOW")
    selectors = [policy.selector or {} for policy in allows if not all(rule.needs_identity for rule in policy.rules)]
    for name, legacy in settings.traffic.legacy.items():
        admitted = any(_share_a_pod(observation.snapshot, home, selector, legacy.selector) for selector in selectors)
        if settings.namespace_of(legacy) == home and not admitted:
            message = f"accepts plain text, but {namespace.deny_setting} refuses its callers, who have no identity"
            fix = "allow them in traffic.authorization.policies by ports, methods or paths alone"
            yield warning(ID, setting(f"traffic.legacy.{name}"), message, fix)


def _share_a_pod(snapshot: Snapshot | None, namespace: str, first: Labels, second: Labels) -> bool:
    """Return True if one selector includes the other, or a pod of the namespace has the labels of both."""
    if matches(first, second) or matches(second, first):
        return True
    pods = [pod for pod in snapshot.pods if pod.namespace == namespace] if snapshot else []
    return any(matches(first, pod.labels) and matches(second, pod.labels) for pod in pods)


SCOPES = "sidecar scopes"


def check_scopes(observation: Observation) -> Iterator[Finding]:
    for callee in observation.settings.workload_namespaces:
        allows = (policy for policy in policies(observation.settings, callee).values() if policy.action == "ALLOW")
        admitted = {name for policy in allows for rule in policy.rules for name in rule.namespaces}
        for caller in observation.settings.workload_namespaces:
            if caller.name in admitted and not _knows(caller, callee):
                effect = f"sidecars of {caller.name} would send these calls in plain text, without an identity"
                message = f"does not have {callee.name}, whose rules admit {caller.name}: {effect}"
                yield warning(SCOPES, setting(f"{caller.setting}.sidecarScope"), message, f'add "{callee.name}/*"')


def _knows(caller: WorkloadNamespace, callee: WorkloadNamespace) -> bool:
    """Return True if the caller's sidecars learn of Services in the callee's namespace."""
    here = {"*", callee.name, *("." if caller.name == callee.name else "")}
    return not caller.own.is_scoped or any(host.partition("/")[0] in here for host in caller.own.sidecar_scope)


SIDECARS = "sidecars"


def check_sidecars(observation: Observation) -> Iterator[Finding]:
    if observation.settings.mtls.mode != "STRICT" or observation.snapshot is None:
        return
    if "pods" in observation.snapshot.unreadable:
        yield unknown(SIDECARS, setting("mtls.mode"), "whether STRICT cuts off pods without a sidecar was not checked")
        return
    meshed = {namespace.name for namespace in observation.snapshot.namespaces if namespace.is_injected}
    meshed |= {place.name for place in observation.settings.workload_namespaces if place.own.injection}
    bare = [pod for pod in observation.snapshot.pods if pod.namespace in meshed and not pod.has_sidecar]
    for pod in bare:
        message = "has no sidecar: under STRICT its calls to the mesh are refused"
        yield warning(SIDECARS, Subject("pod", pod.id), message, _fix(pod))
    if not bare:
        yield ok(SIDECARS, setting("mtls.mode"), f"every pod in {', '.join(sorted(meshed))} has its sidecar")


def _fix(pod: Pod) -> str:
    if pod.host_network:
        return "it is on the host's network, where there are no sidecars: admit it at the callee by traffic.legacy"
    how = "restart its workload" if pod.owner else "delete it and create it again"
    return f"{how}, so that it gets one, or admit it at the callee by traffic.legacy"
