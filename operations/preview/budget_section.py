"""The comment's section on the mesh's use of the Pis, with every row of either side."""

from operations.preview.budget_rows import Rows
from operations.preview.markdown import table
from operations.preview.value_words import folded
from pi_mesh.budget.table import HEADINGS
from pi_mesh.counts import counted

_, *COLUMNS = HEADINGS


def section(before: Rows, after: Rows) -> str:
    """Return the changed rows as an open table, and the other rows folded."""
    if not before and not after:
        return ""
    names = [name for name in dict.fromkeys([*after, *before]) if name != "room"]
    same = [name for name in names if before.get(name) == after.get(name)]
    rows = {name: _row(name, before.get(name), after.get(name)) for name in names}
    room = _room(before.get("room"), after.get("room", ""))
    if before == after:
        return folded("Budget: unchanged", f"{table(HEADINGS, rows.values())}\n\n{room}")
    shown = table(HEADINGS, [row for name, row in rows.items() if name not in same])
    parts = [f"#### Budget\n{shown}", room]
    if same:
        parts.append(
            folded(f"{counted(len(same), 'other row')}, unchanged", table(HEADINGS, [rows[name] for name in same]))
        )
    return "\n\n".join(parts)


def _row(name: str, before: dict[str, str] | None, after: dict[str, str] | None) -> tuple[str, ...]:
    title = name if before and after else f"**{name}** ({'removed' if before else 'new'})"
    old, new = before or {}, after or {}
    if before is None:
        return title, *(new.get(column, "") for column in COLUMNS)
    return title, *(_cell(old.get(column, ""), new.get(column, "")) for column in COLUMNS)


def _cell(before: str, after: str) -> str:
    return after if before == after else f"{before or 'nothing'} → **{after or 'nothing'}**"


def _room(before: str | None, after: str) -> str:
    """Return the new sentence, and the part of the old one that differs: a word, or else all of it."""
    if before is None or before == after:
        return after
    words = [old for old, new in zip(before.split(), after.split(), strict=False) if old != new]
    is_one_word = len(words) == 1 and len(before.split()) == len(after.split())
    return f"{after} (Before: {words[0] if is_one_word else before})"
