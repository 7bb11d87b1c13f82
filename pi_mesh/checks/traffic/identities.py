"""Rules by caller do not match callers in plain text, which have no identity."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, setting, warning
from pi_mesh.checks.next_version import refused_next
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.authorization import AccessPolicy
from pi_mesh.values.traffic.authorization import policies

ID = "plain text callers"
Labels = dict[str, str]


def check(settings: Settings, snapshot: Snapshot | None) -> Iterator[Finding]:
    yield from _denials(settings, snapshot)
    if settings.traffic.authorization.default_deny.enabled:
        yield from _locked_out(settings, snapshot)


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
    for name, legacy in settings.traffic.legacy.items():
        if _share_a_pod(settings, snapshot, policy.selector or {}, legacy.selector):
            return f"traffic.legacy.{name}"
    return ""


def _locked_out(settings: Settings, snapshot: Snapshot | None) -> Iterator[Finding]:
    for name, legacy in settings.traffic.legacy.items():
        if not any(
            one.action == "ALLOW"
            and any(not rule.needs_identity for rule in one.rules)
            and _share_a_pod(settings, snapshot, one.selector or {}, legacy.selector)
            for one in policies(settings).values()
        ):
            message = "accepts plain text, but authorization.defaultDeny refuses its callers, who have no identity"
            fix = "allow them in traffic.authorization.policies by ports, methods or paths alone"
            yield warning(ID, setting(f"traffic.legacy.{name}"), message, fix)


def _share_a_pod(settings: Settings, snapshot: Snapshot | None, first: Labels, second: Labels) -> bool:
    """Return True if one selector includes the other, or a pod of the trading namespace has the labels of both."""
    if first.items() <= second.items() or second.items() <= first.items():
        return True
    both = {**first, **second}.items()
    if not (first.items() | second.items()) <= both:
        return False
    pods = snapshot.pods if snapshot else ()
    return any(pod.namespace == settings.trading.namespace and both <= pod.labels.items() for pod in pods)
