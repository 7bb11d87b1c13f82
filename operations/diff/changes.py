"""The changes of an `up` to live objects: what differs between an object as it runs and as it will be applied.

`up` touches the resources alone whose inputs changed. Of a changed release Helm applies every object, by a three-way
merge that also puts back what was changed by hand: https://helm.sh/docs/faq/changes_since_helm2
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from operations import command_line, pulumi, results, stacks
from operations.pull_request import manifests
from operations.pull_request.engine import RELEASE, UNKNOWN_ID, Resource
from operations.pull_request.manifests import NotRenderedError
from operations.results import FieldChange, ObjectChange, Report
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.observe import mesh_on
from pi_mesh.checks.verify.diff import change_in_words, differences
from pi_mesh.cluster import helm_releases
from pi_mesh.cluster.client import Client, Discovery
from pi_mesh.cluster.helm_releases import CRD, SECRET
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory, Release, chart_lock
from pi_mesh.names import PROJECT, object_key
from pi_mesh.tree_diff import ABSENT
from pi_mesh.words import counted

ID = "diff"
OF_REPLACEMENT = ("create-replacement", "delete-replaced")
"""The engine's steps beside `replace`, which has both states."""
OWN = ("pulumi:", f"{PROJECT}:")
"""Types of resources that are nothing in the cluster: components, providers and guards."""


def read(stack: str) -> Report:
    """Return the report of a stack. Raises PulumiFailed, as `up` would, and as `stacks.load_with_cluster` does."""
    settings, cluster = stacks.load_with_cluster(stack)
    mesh = mesh_on(settings, stack, cluster, chart_lock.read(stack))
    findings: list[Finding] = []
    rows: list[ObjectChange] = []
    with Client(settings.cluster.context) as client:
        reader = _Reader(mesh, cluster, client)
        for step in pulumi.steps(stack):
            try:
                rows += reader.rows(step)
            except NotRenderedError as problem:
                name = step["urn"].rpartition("::")[2]
                findings.append(error(ID, Subject("resource", name), f"was not compared: {problem}", RENDERING))
        findings += reader.findings
    message = f"{counted(len(rows), 'object changes', 'objects change')} by the next `up`"
    return results.completed(
        ID, stack, [*findings, ok(ID, Subject("stack", stack), message, number=len(rows))], changes=rows
    )


RENDERING = "see that helm is on PATH and charts.source can be reached; `up` needs the charts too"


class _Reader:
    def __init__(self, mesh: Inventory, cluster: Snapshot, client: Client) -> None:
        self._cluster, self._client, self._discovery = cluster, client, Discovery(client)
        self._releases = {release.resource: release for release in mesh.releases}
        # A preview's inputs have `[secret]` in place of secrets.
        self._own = {object_key(item.manifest): item.manifest for item in mesh.objects}
        self.findings: list[Finding] = []

    def rows(self, step: Mapping[str, Any]) -> Iterator[ObjectChange]:
        """Yield the changed objects of a resource that the engine creates, changes or deletes."""
        before, after = ((step.get(state) or {}).get("inputs") for state in ("oldState", "newState"))
        kind, name = step["urn"].split("::")[2].rpartition("$")[2], step["urn"].rpartition("::")[2]
        if step["op"] in OF_REPLACEMENT or kind.startswith(OWN):
            return
        if kind == RELEASE:
            yield from self._of_release(self._releases.get(name), before, after)
        elif "kind" in (after or before or {}):
            yield from self._of_object("", "", before, after and self._own.get(object_key(after), after))
        else:
            yield ObjectChange(change=step["op"], object=f"{kind} {name}")

    def _of_release(self, release: Release | None, before: Any, after: Any) -> Iterator[ObjectChange]:
        inputs = after or before
        namespace, name = inputs["namespace"], inputs["name"]
        record = self._cluster.release(namespace, name)
        applied = helm_releases.read(self._client, record) if record else None
        old = {object_key(item): item for item in (applied.objects if applied else ())}
        new: dict[str, dict] = {}
        if after:
            values = release.values if release else after.get("values")
            rendered = manifests.chart_objects(Resource(RELEASE, name, {**after, "values": values}), Path.cwd())
            new = {object_key(item): item for item in rendered}
        for key in dict.fromkeys([*new, *old]):
            yield from self._of_object(f"{namespace}/{name}", namespace, old.get(key), new.get(key))

    def _of_object(self, release: str, namespace: str, old: dict | None, new: dict | None) -> Iterator[ObjectChange]:
        manifest = new or old or {}
        live = self._discovery.fetch(manifest, namespace)
        if live is None and new is None:
            return
        fields = tuple(field_changes(old, new, live)) if live and new else ()
        if fields or live is None or new is None:
            change = "delete" if new is None else "update" if live else "create"
            yield ObjectChange(
                change=change, object=object_key(live or manifest), release=release or None, fields=fields
            )


def field_changes(old: dict | None, new: dict, live: dict) -> Iterator[FieldChange]:
    """Yield the fields of a live object that become what `new` says, and those of `old` alone, which go.

    What others added to the object stays, and so does what only a default of the API server may explain.
    """
    by_hand = {entry.place.path: entry for entry in differences(old, live)} if old else {}
    for entry in differences(new, live):
        path, before = entry.place.path, by_hand.get(entry.place.path)
        if entry.uncertain or (entry.added and (old is None or before)):
            continue
        if new["kind"] == CRD and path.endswith(".description"):
            continue  # not a rule of the schema
        manual = before is not None and before.wanted == entry.wanted
        if new["kind"] == SECRET:
            yield FieldChange(path=path, change="changes", live="[secret]", target="[secret]", manual=manual)
        else:
            live_value, target = (None if value is ABSENT else value for value in (entry.live, entry.wanted))
            change = _in_words(entry.live, entry.wanted)
            yield FieldChange(path=path, change=change, live=live_value, target=target, manual=manual)


NEW_LINE = "\n        "


def _in_words(live: object, target: object) -> str:
    """Return a change in words, of a text with lines as the lines that change."""
    if target == UNKNOWN_ID:
        return "is known after the `up` alone"
    if isinstance(live, str) and isinstance(target, str) and "\n" in live + target:
        lines = manifests.diff(live, target).splitlines()
        return "".join(f"{NEW_LINE}{line}" for line in lines if line.startswith(("-", "+")))
    return change_in_words(live, target)


SHOWN = 10
"""Largest number of printed fields of an object: a CRD may change in hundreds."""
SIGNS = {"create": "+", "update": "~", "delete": "-", "replace": "+-"}


def show(report: Report) -> None:
    """Print a line for each object and for each of its fields, and the findings."""
    for row in report.changes or ():
        print(f"{SIGNS[row.change]} {row.object}{f' (release {row.release})' if row.release else ''}")
        for field in row.fields[:SHOWN]:
            put_back = ", put back: it was changed by hand" if field.manual else ""
            print(f"    {field.path}:{'' if field.change.startswith(NEW_LINE) else ' '}{field.change}{put_back}")
        if (more := len(row.fields) - SHOWN) > 0:
            print(f"    and {counted(more, 'more field')}; --json has all")
    command_line.show_report(report)
