"""Changes by which an `up` begins to refuse callers of a running mesh: STRICT, and the default deny."""

from collections.abc import Iterator
from dataclasses import dataclass

from pi_mesh.cluster.stack_state import StackState
from pi_mesh.settings import Settings


@dataclass(frozen=True)
class Change:
    """A kind of change by which an `up` begins to refuse callers."""

    refuser: str
    cure: str
    """Change by which the refused callers can keep calling."""


STRICT = Change("STRICT", "give the caller a sidecar, or admit it by traffic.legacy")
DENY = Change("the default deny", "allow the caller by a policy of traffic.authorization.policies")


@dataclass(frozen=True)
class Beginning:
    """A change of this stack, and the settings about it."""

    change: Change
    key: str
    """Config key that the change turns on."""
    branch: str
    """Config key whose `audit` names the callers, and whose `allowCutOff` lets the change through."""
    allowed: bool
    namespaces: tuple[str, ...]
    """Namespaces whose workloads begin to refuse callers."""


def beginnings(settings: Settings, state: StackState) -> Iterator[Beginning]:
    """Yield the changes by which an `up` begins to refuse callers of a running mesh."""
    recorded, mtls = state.access, settings.mtls
    injected = [namespace for namespace in settings.workload_namespaces if namespace.own.injection]
    if mtls.mode == "STRICT" and recorded.mtls_mode == "PERMISSIVE":
        yield Beginning(
            STRICT, "mtls.mode", "mtls", mtls.allow_cut_off, tuple(namespace.name for namespace in injected)
        )
    for namespace in injected:
        if (
            namespace.default_deny.enabled
            and namespace.name in state.namespaces
            and namespace.name not in recorded.denies
        ):
            branch, allowed = namespace.deny_setting, namespace.default_deny.allow_cut_off
            yield Beginning(DENY, f"{branch}.enabled", branch, allowed, (namespace.name,))


def audited_namespaces(settings: Settings, state: StackState) -> set[str]:
    """Return the namespaces that begin to refuse callers, and whose audit log says whom."""
    begun = {name for beginning in beginnings(settings, state) for name in beginning.namespaces}
    return begun & state.access.audited
