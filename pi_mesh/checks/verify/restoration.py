"""The command that puts an object back: Helm and Pulumi take back what was changed, and leave what was added."""

import json
import shlex
from collections.abc import Sequence

from pi_mesh.checks.verify.difference import Difference
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster.observed import Pair

LONGEST = 400
RELEASE_FIELDS = json.dumps({"metadata": {"managedFields": [{}]}})
"""Empties the list of managers: whoever changed a field owns it, and a later `pulumi up` that changes it is refused.
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
    """Take out what was added; of a list's items the last first, for the places of those behind it change."""
    where = _where(pair)
    patch = json.dumps([{"op": "remove", "path": entry.place.pointer} for entry in reversed(added)])
    text = f"`kubectl patch {where} --type=json -p {shlex.quote(patch)}`"
    if len(text) > LONGEST:
        text = f"`kubectl edit {where}`, and take out what was added"
    # Pulumi applies on the server, where fields have owners; Helm does not.
    return (
        text if pair.release else f"{text}, then `kubectl patch {where} --type=merge -p {shlex.quote(RELEASE_FIELDS)}`"
    )


def _where(pair: Pair) -> str:
    """Return the arguments by which kubectl knows the object."""
    kind, name = pair.identity
    group = str(pair.wanted["apiVersion"]).partition("/")[0]
    resource = f"{kind.lower()}.{group}" if group.endswith(".istio.io") else kind.lower()
    namespace, _, name = name.rpartition("/")
    return f"{resource} {name}{f' -n {namespace}' if namespace else ''}"
