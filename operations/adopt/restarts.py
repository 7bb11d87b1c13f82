"""The effects of the first `up` after an adoption on objects and pods, from the rendered objects of both sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from operations.adopt.existing_mesh import ExistingMesh, Taken
from operations.preview import changes, consequences, rendered
from operations.preview.changes import Change
from operations.preview.consequences import Consequences
from operations.preview.engine_result import Intent, Resource
from operations.preview.rendered import NotRenderedError, Objects
from pi_mesh.checks.finding import Subject
from pi_mesh.checks.verify.differences import differences
from pi_mesh.checks.verify.restart import workload
from pi_mesh.cluster.applied import CRD

TEMPLATE = "spec.template"
UNCHANGED = Consequences()


@dataclass(frozen=True)
class Effects:
    """The effects of the next `up`."""

    changed: tuple[Change, ...] = ()
    """Changed objects of the existing releases, as KIND NAMESPACE/NAME."""
    restarts: Mapping[str, str] | None = None
    """Reason for the restart of each Deployment's pods, by NAMESPACE/NAME; None where nothing could be rendered."""
    on_proxies: Consequences = UNCHANGED
    problem: str = ""
    """Reason why nothing could be rendered."""


def of(there: ExistingMesh) -> Effects:
    """Compare the objects that Helm installed with those that the stack's charts and values give."""
    before: Objects = {}
    for one in there.releases:
        before.update(rendered.named(one.living.applied.objects))
    resources = {one.release.id: Resource(rendered.RELEASE, one.release.name, inputs(one)) for one in there.releases}
    try:
        after = rendered.objects(Intent(resources, {}), Path.cwd())
    except NotRenderedError as problem:
        return Effects(problem=str(problem))
    after = {key: text for key, text in after.items() if not key.startswith(f"{CRD} ")}
    found = consequences.of(before, after)
    restarts = {_name(key): "its pod template changes" for key in found.restarts}
    by_hand = {name: why for name, why in _by_hand(there).items() if name not in restarts}
    return Effects(tuple(changes.between(before, after)), restarts | by_hand, found)


def inputs(one: Taken) -> dict:
    """Return the inputs of a release that the program gives the provider, for the cluster as it is."""
    own = {"name": one.release.name, "namespace": one.release.namespace, "values": one.release.values}
    return {**one.registered["inputs"], **own}


def pods(there: ExistingMesh, deployment: str) -> list[str]:
    """Return the pods of a Deployment, as NAMESPACE/NAME."""
    owner = Subject("deployment", deployment)
    every = there.now.snapshot.pods
    return sorted(f"{pod.namespace}/{pod.name}" for pod in every if not pod.ending and workload(pod) == owner)


def _name(key: str) -> str:
    return key.partition(" ")[2]


def _by_hand(there: ExistingMesh) -> dict[str, str]:
    """Return the Deployments whose pod template was edited by hand: Helm restores what its manifest says."""
    found = {}
    for one in there.releases:
        for entry in one.living.applied.objects:
            name = f"{entry['metadata'].get('namespace', one.release.namespace)}/{entry['metadata']['name']}"
            if entry["kind"] != "Deployment" or name not in there.live:
                continue
            paths = [each.place.path for each in differences(entry, there.live[name]) if not each.added]
            if edited := next((path for path in paths if path.startswith(TEMPLATE)), ""):
                found[name] = f"{edited.removeprefix(f'{TEMPLATE}.')} was changed by hand and is put back"
    return found
