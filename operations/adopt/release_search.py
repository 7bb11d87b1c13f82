"""The releases of Istio in the cluster, under any name, and the place of each in the mesh."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from operations.adopt import advice
from pi_mesh.checks.finding import Finding, Subject, error, setting
from pi_mesh.cluster import release_records
from pi_mesh.cluster.applied import AppliedRelease
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.release_records import ReleaseRecord
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

ID = "not adopted"
GONE = "uninstalled"
CHARTS = {"base": "base", "istiod": "istiod"}
"""Key of releases.names -> chart, where a mesh has one release of it."""
GATEWAYS = ("ingress", "egress")


@dataclass(frozen=True)
class Living:
    """A release that Helm knows, with what its last revision applied."""

    record: ReleaseRecord
    applied: AppliedRelease

    @property
    def name(self) -> str:
        return self.record.name


def read(client: Client, snapshot: Snapshot) -> tuple[Living, ...]:
    """Return every release of the cluster."""
    records = [record for record in snapshot.releases if record.status != GONE]
    with ThreadPoolExecutor(max_workers=5) as pool:
        applied = pool.map(lambda record: (record, release_records.read(client, record)), records)
    return tuple(Living(record, found) for record, found in applied if found)


def names(settings: Settings, living: Sequence[Living]) -> dict[str, str]:
    """Return the name of each release of Istio in the mesh's namespace, by its key in releases.names."""
    here = [one for one in living if one.record.namespace == settings.istio.namespace]
    expected = settings.releases.names.model_dump()
    found: dict[str, str] = {}
    for key, chart in CHARTS.items():
        candidates = [one.name for one in here if one.applied.chart == chart]
        if expected[key] in candidates:
            found[key] = expected[key]
        elif len(candidates) == 1:
            (found[key],) = candidates
    return found | _gateways(expected, [one.name for one in here if one.applied.chart == "gateway"])


def _gateways(expected: dict[str, str], candidates: list[str]) -> dict[str, str]:
    """Return the gateways. Of those under other names, the one whose name contains "egress" is the egress gateway."""
    found = {key: expected[key] for key in GATEWAYS if expected[key] in candidates}
    others = [name for name in candidates if name not in found.values()]
    for key, mine in {"egress": True, "ingress": False}.items():
        fitting = [name for name in others if ("egress" in name) is mine]
        if key not in found and len(fitting) == 1:
            (found[key],) = fitting
    return found


def ambiguities(settings: Settings, living: Sequence[Living]) -> Iterator[Finding]:
    """Yield an error for each key of releases.names that several releases match, except for istiod's."""
    here = [one for one in living if one.record.namespace == settings.istio.namespace]
    known, expected = names(settings, living), settings.releases.names.model_dump()
    for key, chart in {"base": "base", "ingress": "gateway"}.items():
        candidates = [one.name for one in here if one.applied.chart == chart and one.name not in known.values()]
        if key not in known and len(candidates) > 1:
            message = f"{', '.join(candidates)} are all of the chart {chart}, and none is called {expected[key]}"
            fix = f"say which: `pulumi config set --path releases.names.{key} NAME`; the others stay as they are"
            yield error(ID, setting(f"releases.names.{key}"), message, fix)


def control_planes(settings: Settings, snapshot: Snapshot, living: Sequence[Living]) -> Iterator[Finding]:
    """Yield an error for each istiod that cannot be adopted, or that keeps another from being adopted."""
    istiods = [entry for entry in snapshot.deployments if entry.labels.get("app") == "istiod" or entry.name == "istiod"]
    if len(istiods) > 1:
        listed = ", ".join(f"{entry.namespace}/{entry.name}" for entry in istiods)
        message = f"{listed} are {len(istiods)} control planes, and a stack manages only one"
        first, *_ = istiods
        yield error(ID, Subject("deployment", f"{first.namespace}/{first.name}"), message, advice.ONE_ISTIOD)
        return
    for entry in istiods:
        subject = Subject("deployment", f"{entry.namespace}/{entry.name}")
        release = next((one for one in living if one.record.id == entry.release), None)
        if entry.namespace != settings.istio.namespace:
            fix = f"`pulumi config set --path istio.namespace {entry.namespace}`, then adopt again"
            yield error(ID, subject, f"is in another namespace than istio.namespace {settings.istio.namespace}", fix)
        elif release and release.applied.values.get("revision"):
            message = f"is of revision {release.applied.values['revision']}, and this program has the default one alone"
            yield error(ID, subject, message, advice.REVISION)
