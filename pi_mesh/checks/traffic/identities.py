"""Rules by caller do not match callers in plain text, which have no identity."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, setting, warning
from pi_mesh.checks.next_version import refused_next
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.authorization import AccessPolicy
from pi_mesh.values.traffic.authorization import policies

ID = "plain text callers"
Labels = dict[str, str]


def check(settings: Settings, snapshot: Snapshot | None) -> Iterator[Finding]:
    yield from _denials(settings, snapshot)
    for namespace in settings.workload_namespaces:
        if namespace.default_deny.enabled:
            yield from _locked_out(settings, snapshot, namespace)


def _denials(settings: Settings, snapshot: Snapshot | None) -> Iterator[Finding]:
    for name, policy in settings.traffic.authorization.policies.items():
        rules = [str(number) for number, rule in enumerate(policy.rules) if rule.needs_identity]
        if policy.action != "DENY" or not rules:
            continue
        if key := _plain_text(settings, snapshot, policy):
            message = (
                f"denies by caller (rules[{'], rules['.join(rules)}]), but {key} accepts plain text, and a caller in"
            )
            message = f"{message} plain text has no identity: it gets through"
            fix = "deny by paths, methods or ports, or replace it with an ALLOW for the permitted callers"
            yield refused_next(ID, setting(f"traffic.authorization.policies.{name}"), message, fix)


def _plain_text(settings: Settings, snapshot: Snapshot | None, policy: AccessPolicy) -> str:
    """Return the key by which a workload of the policy accepts plain text; empty if none does."""
    if settings.mtls.mode != "STRICT":
        return f"mtls.mode {settings.mtls.mode}"
    home = settings.namespace_of(policy)
    for name, legacy in settings.traffic.legacy.items():
        here = settings.namespace_of(legacy) == home
        if here and _share_a_pod(snapshot, home, policy.selector or {}, legacy.selector):
            return f"traffic.legacy.{name}"
    return ""


def _locked_out(settings: Settings, snapshot: Snapshot | None, namespace: WorkloadNamespace) -> Iterator[Finding]:
    for name, legacy in settings.traffic.legacy.items():
        if settings.namespace_of(legacy) == namespace.name and not any(
            one.action == "ALLOW"
            and any(not rule.needs_identity for rule in one.rules)
            and _share_a_pod(snapshot, namespace.name, one.selector or {}, legacy.selector)
            for one in policies(settings, namespace).values()
        ):
            message = f"accepts plain text, but {namespace.deny_setting} refuses its callers, who have no identity"
            fix = "allow them in traffic.authorization.policies by ports, methods or paths alone"
            yield warning(ID, setting(f"traffic.legacy.{name}"), message, fix)


def _share_a_pod(snapshot: Snapshot | None, namespace: str, first: Labels, second: Labels) -> bool:
    """Return True if one selector includes the other, or a pod of the namespace has the labels of both."""
    if first.items() <= second.items() or second.items() <= first.items():
        return True
    both = first.items() | second.items()
    pods = snapshot.pods if snapshot else ()
    return any(pod.namespace == namespace and both <= pod.labels.items() for pod in pods)
