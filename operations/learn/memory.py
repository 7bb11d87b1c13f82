"""The input and the memory of `learn`: the proxies' logs, the cluster, and the ConfigMap with the remembered calls."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from operations.command_line import Consent
from pi_mesh.checks.finding import Finding, Subject, ok, warning
from pi_mesh.cluster import identity, learned, snapshot
from pi_mesh.cluster.audit_log import Counted, Memory
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.settings import Settings
from pi_mesh.words import counted, listed

ID, SHOWN = "learn", 10
HOURLY = "run `operations learn remember -s STACK --yes` every hour, with an audit on"


@dataclass(frozen=True)
class Learned:
    """The input of every proposal."""

    settings: Settings
    memory: Memory
    cluster: Snapshot
    start: str
    """Time since which a rule must have admitted a call, as the memory has times."""

    def replayed(self, rows: Collection[Counted], refused: Collection[Counted]) -> Finding:
        """Return the finding about the remembered calls with the proposal."""
        where = _store(self.settings)
        if not self.memory.since:
            return warning(ID, where, "remembers nothing", HOURLY)
        replayed, count = f"{counted(len(rows), 'row')} since {self.memory.since}", len(refused)
        if not refused:
            return ok(ID, where, f"{replayed}: none would be refused with the proposal", number=0)
        names = listed((" ".join(map(str, row.key[:3])) for row in refused), SHOWN, "; ")
        fix = "take over what is commented out, as far as it is right"
        return warning(ID, where, f"{replayed}: {count} would be refused: {names}", fix, number=count)


def _store(settings: Settings) -> Subject:
    return Subject("ConfigMap", f"{settings.istio.namespace}/{learned.NAME}")


def remember(settings: Settings, exported: Callable[[], StackState], consent: Consent) -> Iterator[Finding]:
    """Read the logs, write the ConfigMap with consent, and yield what is remembered. Raises as `Client`."""
    namespaces, where = [namespace.name for namespace in settings.workload_namespaces], _store(settings)
    with Client(settings.cluster.context) as client:
        identity.require(settings.cluster, exported().cluster_uid, identity.read(client))
        store = learned.read(client, settings.istio.namespace)
        memory, gaps = learned.with_logs(client, store.memory, namespaces)
        rows = counted(len(memory.calls) + len(memory.egress), "row")
        if consent.is_given(f"Write {rows} to {where}?"):
            size = learned.write(client, settings.istio.namespace, store, memory)
            yield ok(ID, where, f"has {rows} in {size} bytes, since {memory.since}", number=size)
    if store.damaged:
        message = "could not be read and begins anew; what it had stays in it, under the key damaged-TIME"
        yield warning(ID, where, message, "remove that key when nobody needs it")
    for gap in gaps:
        yield warning(ID, where, f"lacks calls: {gap}", HOURLY)
    if memory.others:
        names = listed((f"{caller} ({count}x)" for caller, count in memory.others.items()), SHOWN)
        message = f"has no room for the rows of some calls, and counts them alone: {names}"
        yield warning(ID, where, message, "look at what these callers call")


def observe(settings: Settings, exported: Callable[[], StackState], days: int) -> Learned:
    """Return what is remembered beside the cluster. Raises as `snapshot.read`."""
    cluster = snapshot.read(settings.cluster.context, read_only=True)
    identity.require(settings.cluster, exported().cluster_uid, cluster.uid)
    with Client(settings.cluster.context) as client:
        memory = learned.read(client, settings.istio.namespace).memory
        return Learned(settings, memory, cluster, f"{client.now() - timedelta(days=days):{learned.TIME}}")
