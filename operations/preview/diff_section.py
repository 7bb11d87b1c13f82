"""The comment's section of rendered objects: a folded diff for each, as many as fit."""

from collections.abc import Collection

from operations.preview import changes
from operations.preview.changes import Change
from operations.preview.value_words import fenced, folded
from pi_mesh.counts import counted


def section(changed: list[Change], room: int, restarts: Collection[str] = ()) -> str:
    """Return at most `room` characters, shortening the longest diffs first. Changes of version labels are only counted.

    `restarts`: objects whose pods restart; these are shown even for a label.
    """
    if not changed:
        return ""
    diffs = {change: changes.diff(change.before, change.after) for change in changed}
    telling = {
        f"{change.verb} {change.key} ({changes.counts(diff)})": diff
        for change, diff in diffs.items()
        if change.key in restarts or not changes.is_version_only(diff)
    }
    labels = len(diffs) - len(telling)
    title = counted(len(diffs), "Kubernetes object") + (f", {labels} only in version labels" if labels else "")
    parts = _shortened(
        {name: folded(name, fenced(diff)) for name, diff in telling.items()}, room - len(folded(title, ""))
    )
    return folded(title, "\n\n".join(parts)) if parts else f"{title}."


def _shortened(parts: dict[str, str], room: int) -> list[str]:
    for name in sorted(parts, key=lambda name: len(parts[name]), reverse=True):
        if sum(len(part) + 2 for part in parts.values()) <= room:
            break
        advice = "too long for a comment; `python -m operations.preview --whole` prints it"
        parts = {**parts, name: f"- {name}: {advice}"}
    return list(parts.values())
