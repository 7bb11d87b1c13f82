"""The part of the comment that shows rendered objects: one folded diff each, as many as there is room for."""

from operations.preview import changes
from operations.preview.changes import Change

HEADING = "### Rendered objects"


def section(changed: list[Change[str]], room: int) -> str:
    """Within `room` characters: the longest diffs give way first. Mere version labels are only counted."""
    if not changed:
        return f"{HEADING}\nNo Kubernetes object changes."
    diffs = {f"{change.verb} {change.key}": changes.diff(change.before, change.after) for change in changed}
    telling = {title: _details(title, diff) for title, diff in diffs.items() if not changes.is_version_only(diff)}
    labels = len(diffs) - len(telling)
    count = f"{len(diffs)} Kubernetes objects change" + (
        f", {labels} of them only in their version labels." if labels else "."
    )
    parts = _shortened(telling, room - len(HEADING) - len(count))
    return "\n\n".join([f"{HEADING}\n{count}", *parts])


def _details(title: str, diff: str) -> str:
    return f"<details><summary>{title}</summary>\n\n````diff\n{diff}\n````\n</details>"


def _shortened(parts: dict[str, str], room: int) -> list[str]:
    for title in sorted(parts, key=lambda title: len(parts[title]), reverse=True):
        if sum(len(part) + 2 for part in parts.values()) <= room:
            break
        lines = parts[title].count("\n")
        parts = {
            **parts,
            title: f"- {title}: {lines} lines, too long for a comment; "
            "`python -m operations.preview --whole` prints them",
        }
    return list(parts.values())
