"""Values, differences and counts in GitHub's Markdown."""

from math import inf
from typing import Any

import yaml

from pi_mesh.tree_diff import ABSENT
from pi_mesh.words import text_before


def code(value: Any) -> str:
    """Return a value as in a stack file, as code on one line that fits into a table."""
    if value is None or value is ABSENT:
        return "nothing"
    if isinstance(value, str):
        text = one_line(value)
    else:
        text = text_before(yaml.safe_dump(value, default_flow_style=True, width=inf, sort_keys=False), "\n...").strip()
    return f"`{text.replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def both_values(before: Any, after: Any) -> str:
    return f"{code(before)} → {code(after)}"


def one_line(text: str) -> str:
    return " ".join(text.split())


def folded(title: str, body: str) -> str:
    """Return a section that opens at a click."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def fenced(diff: str) -> str:
    """Return a diff as a code block that GitHub colours; its fence has four marks, because a text may have three."""
    return f"````diff\n{diff}\n````"
