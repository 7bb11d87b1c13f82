"""The replay of remembered calls: which of them the policies of the settings admit.

https://istio.io/latest/docs/reference/config/security/authorization-policy/
"""

from collections.abc import Iterable

from pi_mesh.cluster.audit_log import ANY_PATH, AuditedCall
from pi_mesh.selectors import matches
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule
from pi_mesh.settings.traffic.names import fits
from pi_mesh.values.traffic.authorization import policies_of_a_deny


def policies_in(settings: Settings, namespace: str) -> list[AccessPolicy]:
    """Return the policies with which a default deny of the namespace would judge its calls."""
    homes = [home for home in settings.workload_namespaces if home.name == namespace]
    return [policy for home in homes for policy in policies_of_a_deny(settings, home).values()]


def admits(policies: Iterable[AccessPolicy], call: AuditedCall, *, surely: bool = True) -> bool:
    """Return True if the policies admit every such call, and deny none.

    Without `surely`, True as well where a rule asks for what is not remembered, such as a token, and may admit one.
    """
    applying = [policy for policy in policies if matches(policy.selector, call.labels)]
    rules = [(policy.action, rule) for policy in applying for rule in policy.rules]
    if any(action == "DENY" and rule_matches(rule, call, surely=not surely) for action, rule in rules):
        return False
    return any(action == "ALLOW" and rule_matches(rule, call, surely=surely) for action, rule in rules)


def rule_matches(rule: AccessRule, call: AuditedCall, *, surely: bool) -> bool:
    """Return True if a rule matches every such call; without `surely`, if it may match one."""
    if surely and (rule.request_principals or rule.ip_blocks or rule.remote_ip_blocks or rule.when):
        return False
    _, _, account = call.identity.partition("/")
    # In every policy the name cluster.local stands for the mesh's own trust domain too.
    names = (call.identity, f"cluster.local/{account}") if account else ()
    return (
        (not rule.ports or call.port in rule.ports)
        and (not rule.namespaces or (account != "" and account.split("/")[1] in rule.namespaces))
        and (not rule.principals or any(fits(value, name) for value in rule.principals for name in names))
        and (not rule.methods or call.method in rule.methods or (not surely and not call.method and call.path != ""))
        and (not rule.paths or any(_covers(path, call.path, surely) for path in rule.paths))
    )


def _covers(pattern: str, path: str, surely: bool) -> bool:
    """Return True if a rule's path matches each path of a remembered first part; without `surely`, if it may match."""
    if not path or pattern in (ANY_PATH, path):
        return path != ""
    start = path.removesuffix("*")
    if start == path:
        return fits(pattern, path)
    covers = pattern.endswith("*") and start.startswith(pattern.removesuffix("*"))
    return covers or (not surely and (pattern.startswith(("*", start)) or not start))
