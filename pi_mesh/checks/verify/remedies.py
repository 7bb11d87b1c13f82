"""The commands that remedy a finding: restart a workload's pods, restore an object, or take out what was added."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from pi_mesh.checks.finding import Subject
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.diff import Difference
from pi_mesh.cluster.live_objects import Pair
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.words import text_before


def workload_of(pod: Pod) -> Subject:
    """Return the workload that owns a pod, or the pod itself."""
    kind = pod.owner.partition("/")[0]
    return Subject("deployment" if kind == "ReplicaSet" else kind.lower() or "pod", pod.workload)


def restart_command(pod: Pod) -> str:
    """Return the command that replaces the pods of the pod's owner."""
    kind, name = workload_of(pod)
    name = name.partition("/")[2]
    if kind == "pod":
        return f"create it again after `kubectl delete pod -n {pod.namespace} {name}`"
    return f"`kubectl rollout restart -n {pod.namespace} {kind}/{name}`"


def logs_command(pod: Pod) -> str:
    return f"`kubectl logs -n {pod.namespace} {pod.name} -c {SIDECAR}`"


LONGEST = 400
REFRESH = "`pulumi up --refresh`"
FREE_FIELDS = {"managedFields": [{}]}
"""Metadata of a patch that empties the list of field managers. The manager that changed a field owns it, and the
preview of a later `pulumi up` that changes the field would be refused:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields"""


def undo_commands(observation: Observation, pair: Pair, differences: Sequence[Difference]) -> str:
    changed = pair.live or pair.wanted
    added = [entry for entry in differences if entry.added]
    steps = [_removal(changed, added)] if added else []
    if not pair.release:
        steps.append(_reclaim(changed))
    if len(added) < len(differences):
        steps.append(observation.restore(pair.release) if pair.release else REFRESH)
    return ", then ".join(steps)


def reset_commands(manifest: Mapping[str, Any]) -> str:
    """Return the commands that set an object of the program, of which somebody changed fields, as in its manifest."""
    return f"{_reclaim(manifest)}, then {REFRESH}"


def _reclaim(manifest: Mapping[str, Any]) -> str:
    # Pulumi uses server-side apply, with owners of fields; Helm does not.
    return f"`kubectl patch {_where(manifest)} --type=merge -p {shlex.quote(json.dumps({'metadata': FREE_FIELDS}))}`"


def removal_patch(added: Sequence[Difference]) -> list[dict[str, str]]:
    """Return the JSON patch that removes added fields, list items from the last one on: removals shift later items."""
    return [{"op": "remove", "path": entry.place.pointer} for entry in reversed(added)]


def _removal(manifest: Mapping[str, Any], added: Sequence[Difference]) -> str:
    """Return the command that removes added fields."""
    where = _where(manifest)
    text = f"`kubectl patch {where} --type=json -p {shlex.quote(json.dumps(removal_patch(added)))}`"
    return text if len(text) <= LONGEST else f"`kubectl edit {where}`, and take out what was added"


def _where(manifest: Mapping[str, Any]) -> str:
    """Return kubectl's arguments for the object."""
    meta, kind = manifest["metadata"], manifest["kind"].lower()
    group = text_before(str(manifest["apiVersion"]), "/")
    resource = f"{kind}.{group}" if group.endswith(".istio.io") else kind
    return f"{resource} {meta['name']}{f' -n {space}' if (space := meta.get('namespace')) else ''}"
