"""The command that restores an object: Helm and Pulumi revert changed fields, but keep added ones."""

import json
import shlex
from collections.abc import Sequence

from pi_mesh.checks.verify.difference import Difference
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster.observed import Pair

LONGEST = 400
RELEASE_FIELDS = json.dumps({"metadata": {"managedFields": [{}]}})
"""Patch that empties the list of field managers. The manager that changed a field owns it, and a later `pulumi up` that
changes the field would be refused:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields"""


def command(seen: VerificationInput, pair: Pair, differences: Sequence[Difference]) -> str:
    """Return the commands that undo the differences."""
    added = [entry for entry in differences if entry.added]
    restore = seen.restore(pair.release) if pair.release else "`pulumi up --refresh`"
    if not added:
        return restore
    removal = _removal(pair, added)
    return removal if len(added) == len(differences) else f"{removal}, then {restore}"


def _removal(pair: Pair, added: Sequence[Difference]) -> str:
    """Return the command that removes added fields, list items from the last one on, as removals shift later items."""
    where = _where(pair)
    patch = json.dumps([{"op": "remove", "path": entry.place.pointer} for entry in reversed(added)])
    text = f"`kubectl patch {where} --type=json -p {shlex.quote(patch)}`"
    if len(text) > LONGEST:
        text = f"`kubectl edit {where}`, and take out what was added"
    # Pulumi uses server-side apply, with owners of fields; Helm does not.
    return (
        text if pair.release else f"{text}, then `kubectl patch {where} --type=merge -p {shlex.quote(RELEASE_FIELDS)}`"
    )


def _where(pair: Pair) -> str:
    """Return kubectl's arguments for the object."""
    kind, name = pair.identity
    group, *_ = str(pair.wanted["apiVersion"]).partition("/")
    resource = f"{kind.lower()}.{group}" if group.endswith(".istio.io") else kind.lower()
    namespace, _, name = name.rpartition("/")
    return f"{resource} {name}{f' -n {namespace}' if namespace else ''}"
