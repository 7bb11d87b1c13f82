"""The part of the comment that shows rendered objects: one folded diff each, as many as there is room for."""

from collections.abc import Collection

from operations.preview import changes
from operations.preview.changes import Change
from operations.preview.spelling import counted, fenced, folded


def section(changed: list[Change], room: int, restarts: Collection[str] = ()) -> str:
    """Return at most `room` characters: the longest diffs give way first. Mere version labels are only counted.

    `restarts`: objects whose pods restart, which are shown though it be for a label.
    """
    if not changed:
        return ""
    diffs = {change: changes.diff(change.before, change.after) for change in changed}
    telling = {
        change: folded(f"{_title(change)} ({changes.counts(diff)})", fenced(diff))
        for change, diff in diffs.items()
        if change.key in restarts or not changes.is_version_only(diff)
    }
    labels = len(diffs) - len(telling)
    title = counted(len(diffs), "Kubernetes object") + (f", {labels} only in version labels" if labels else "")
    parts = _shortened(telling, room - len(folded(title, "")))
    return folded(title, "\n\n".join(parts)) if parts else f"{title}."


def _title(change: Change) -> str:
    return f"{change.verb} {change.key}"


def _shortened(parts: dict[Change, str], room: int) -> list[str]:
    for change in sorted(parts, key=lambda change: len(parts[change]), reverse=True):
        if sum(len(part) + 2 for part in parts.values()) <= room:
            break
        lines = parts[change].count("\n") - 4
        advice = "too long for a comment; `python -m operations.preview --whole` prints them"
        parts = {**parts, change: f"- {_title(change)}: {counted(lines, 'line')}, {advice}"}
    return list(parts.values())
