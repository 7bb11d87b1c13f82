"""A caller that a rule admits must have the called namespace in its `sidecarScope`, or it calls in plain text."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, setting, warning
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.values.traffic.authorization import policies

ID = "sidecar scopes"


def check(settings: Settings, _snapshot: Snapshot | None) -> Iterator[Finding]:
    for callee in settings.workload_namespaces:
        admitted = {
            name
            for policy in policies(settings, callee).values()
            if policy.action == "ALLOW"
            for rule in policy.rules
            for name in rule.namespaces
        }
        for caller in settings.workload_namespaces:
            if caller.name in admitted and not _knows(caller, callee):
                message = (
                    f"does not have {callee.name}, whose rules admit {caller.name}: sidecars of {caller.name} would "
                    "send these calls in plain text, without an identity"
                )
                yield warning(ID, setting(f"{caller.setting}.sidecarScope"), message, f'add "{callee.name}/*"')


def _knows(caller: WorkloadNamespace, callee: WorkloadNamespace) -> bool:
    """Return True if the caller's sidecars learn of Services in the callee's namespace."""
    places = {host.partition("/")[0] for host in caller.own.sidecar_scope}
    here = {"*", callee.name, *("." if caller.name == callee.name else "")}
    return not caller.own.is_scoped or bool(places & here)
